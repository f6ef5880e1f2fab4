"""Segments: some customers' words, instants and rates, sorted once. A changed customer leaves its segment."""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from pyroaring import BitMap

from domain.batches import split_into_batches
from domain.customers.conditions import ExpiresWithin, HasWordPrefixes, InstantInRange, RenewsWithin
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.entitlements.peer_groups import latest_peer_addition
from domain.text.words import texts_from_starts
from domain.time.instants import MAX_INSTANT, MIN_INSTANT
from store.counts.counted_customer import CountedCustomer
from store.counts.sorted_columns import InstantColumn, Ordinals, RateColumn, WordColumn, milliseconds

_WORDS_PER_STEP = 2_000
SortedCondition = HasWordPrefixes | InstantInRange | ExpiresWithin | RenewsWithin | HoldingEndsWithin | HasLowAssignment


class SegmentBuilder:
    """Collects the values of customers, so that a large segment is formed in small steps."""

    def __init__(self) -> None:
        self.ordinals: set[int] = set()
        self._instants: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._rates: defaultdict[str, list[tuple[float, int, int]]] = defaultdict(list)
        self._words: defaultdict[bytes, list[int]] = defaultdict(list)

    def add(self, ordinal: int, customer: CountedCustomer) -> None:
        """Add a customer that was not added before."""
        self.ordinals.add(ordinal)
        for column, instant in customer.instants():
            self._instants[column].append((milliseconds(instant), ordinal))
        for product, rate, added_at in customer.rates():
            self._rates[product].append((rate, milliseconds(added_at), ordinal))
        for word in customer.values.words:
            for text in texts_from_starts(word):
                self._words[_encode(text)].append(ordinal)

    def add_segment_in_steps(self, segment: "Segment") -> Iterator[None]:
        """Add the owners of a segment, of which none was added before: one column or some words with each step."""
        owners = set(segment.owners)
        self.ordinals |= owners
        for column, instants in segment.instants.items():
            self._instants[column] += instants.pairs_of(owners)
            yield
        for product, rates in segment.rates.items():
            self._rates[product] += rates.lines_of(owners)
            yield
        for number, (word, ordinals) in enumerate(segment.words.entries()):
            if left := [ordinal for ordinal in ordinals if ordinal in owners]:
                self._words[word] += left
            if number % _WORDS_PER_STEP == 0:
                yield

    def finish_in_steps(self) -> Generator[None, None, "Segment"]:
        """Sort what was collected, once: one column or some words with each step."""
        instants: dict[str, InstantColumn] = {}
        rates: dict[str, RateColumn] = {}
        words = WordColumn()
        # What is sorted is removed with it: to free all of it at once would be the longest step.
        while self._instants:
            column, pairs = self._instants.popitem()
            instants[column] = InstantColumn(pairs)
            yield
        while self._rates:
            product, lines = self._rates.popitem()
            rates[product] = RateColumn(lines)
            yield
        for some in split_into_batches(sorted(self._words), _WORDS_PER_STEP):
            for word in some:
                words.append(word, self._words.pop(word))
            yield
        return Segment(self.ordinals, instants, rates, words)


class Segment:
    """The columns of some customers; `owners` are those of them whose values are still these."""

    __slots__ = ("instants", "owners", "rates", "size", "words")

    def __init__(
        self,
        ordinals: Collection[int],
        instants: Mapping[str, InstantColumn],
        rates: Mapping[str, RateColumn],
        words: WordColumn,
    ) -> None:
        self.owners, self.size = BitMap(ordinals), len(ordinals)
        self.instants, self.rates, self.words = instants, rates, words

    def find(self, condition: SortedCondition, now: datetime) -> BitMap:
        """Return the owners that match."""
        return self._find_ever(condition, now) & self.owners

    def _find_ever(self, condition: SortedCondition, now: datetime) -> BitMap:
        """Return the customers that match by the values of this segment, whether these are still theirs or not."""
        match condition:
            case HasWordPrefixes(terms):
                return BitMap.intersection(*(self.words.starting_with(_encode(term)) for term in terms))
            case InstantInRange(field, since, until):
                first, end = milliseconds(since or MIN_INSTANT), milliseconds(until or MAX_INSTANT)
                # MAX_INSTANT itself stands for no limit, and no customer has a later instant.
                return BitMap(self._between([field], first, end if until is None else end - 1))
            case ExpiresWithin(days):
                return self._ending(["expiring_ends"], now, now + timedelta(days=days))
            case RenewsWithin(days):
                return self._ending(["renewing_ends"], now, now + timedelta(days=days))
            case HoldingEndsWithin(end_kind, products):
                columns = [f"{product}.{end_kind}_ends" for product in products]
                return self._ending(columns, now, condition.until(now))
            case HasLowAssignment():
                until_ms = milliseconds(latest_peer_addition(now))
                known = [(self.rates[product], limit) for product, limit in condition.limits if product in self.rates]
                return BitMap([ordinal for rates, limit in known for ordinal in rates.below(limit, until_ms)])

    def _ending(self, columns: Sequence[str], now: datetime, until: datetime) -> BitMap:
        """Return the ordinals of the customers with an end after now and until the moment, this included."""
        return BitMap(self._between(columns, milliseconds(now) + 1, milliseconds(until)))

    def _between(self, columns: Sequence[str], first: int, last: int) -> Ordinals:
        found = [self.instants[column].between(first, last) for column in columns if column in self.instants]
        return found[0] if len(found) == 1 else list(chain.from_iterable(found))

    @property
    def bytes(self) -> int:
        """The memory of the columns."""
        columns: list[InstantColumn | RateColumn] = [*self.instants.values(), *self.rates.values()]
        return self.words.bytes + sum(column.bytes + 150 for column in columns)


def merge_in_steps(segments: Iterable[Segment]) -> Generator[None, None, Segment]:
    """Return one segment of the owners of several."""
    builder = SegmentBuilder()
    for segment in segments:
        yield from builder.add_segment_in_steps(segment)
    return (yield from builder.finish_in_steps())


def _encode(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")
