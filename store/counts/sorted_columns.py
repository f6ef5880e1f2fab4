"""Values of customers in ascending order beside the customers' ordinals: a range of values is a slice of ordinals."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from pyroaring import BitMap

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  Instants are naive UTC throughout.
_MILLISECOND = timedelta(milliseconds=1)
# No byte of UTF-8 is as high, so a term with it is above all words that begin with the term.
_ABOVE = b"\xff"
Ordinals = Sequence[int]


def milliseconds(instant: datetime) -> int:
    """Return the instant as MongoDB stores it: whole milliseconds since 1970."""
    return (instant - _EPOCH) // _MILLISECOND


class InstantColumn:
    """Instants of one kind; a customer may have several."""

    __slots__ = ("_instants", "_ordinals")

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Take pairs of milliseconds and ordinal."""
        ordered = sorted(pairs)
        self._instants = array("q", [instant for instant, _ in ordered])
        self._ordinals = array("I", [ordinal for _, ordinal in ordered])

    def between(self, first: int, last: int) -> Ordinals:
        """Return the ordinals of the instants from the first to the last, both included."""
        return self._ordinals[bisect_left(self._instants, first) : bisect_right(self._instants, last)]

    def pairs_of(self, ordinals: Collection[int]) -> list[tuple[int, int]]:
        """Return the pairs of some customers, as they were given."""
        return [pair for pair in zip(self._instants, self._ordinals, strict=True) if pair[1] in ordinals]

    @property
    def bytes(self) -> int:
        """The memory of the column."""
        return 200 + len(self._ordinals) * 12


class RateColumn:
    """Rates of one product's lines, each with the moment at which its line was added."""

    __slots__ = ("_added", "_ordinals", "_rates")

    def __init__(self, lines: Iterable[tuple[float, int, int]]) -> None:
        """Take rate, milliseconds of the addition, and ordinal."""
        ordered = sorted(lines)
        self._rates = array("d", [rate for rate, _, _ in ordered])
        self._added = array("q", [added for _, added, _ in ordered])
        self._ordinals = array("I", [ordinal for _, _, ordinal in ordered])

    def below(self, limit: float, until: int) -> Ordinals:
        """Return the ordinals of the lines below the limit that were not added after `until`."""
        end = bisect_left(self._rates, limit)
        added = zip(self._ordinals[:end], self._added[:end], strict=True)
        return [ordinal for ordinal, added_at in added if added_at <= until]

    def lines_of(self, ordinals: Collection[int]) -> list[tuple[float, int, int]]:
        """Return the lines of some customers, as they were given."""
        lines = zip(self._rates, self._added, self._ordinals, strict=True)
        return [line for line in lines if line[2] in ordinals]

    @property
    def bytes(self) -> int:
        """The memory of the column."""
        return 250 + len(self._ordinals) * 20


class WordColumn:
    """Words in one text without separators. Python's own strings would take four times the memory."""

    __slots__ = ("_by_character", "_ends", "_ordinals", "_owner_ends", "_text")

    def __init__(self) -> None:
        self._text = bytearray()
        # What was asked for by a single character: a tenth of all customers or more, whose bitmap takes milliseconds.
        self._by_character: dict[bytes, BitMap] = {}
        self._ends, self._owner_ends, self._ordinals = array("I", [0]), array("I", [0]), array("I")

    def append(self, word: bytes, ordinals: Sequence[int]) -> None:
        """Add the next word in UTF-8, in which words sort as their code points do."""
        self._text += word
        self._ordinals.extend(ordinals)
        self._ends.append(len(self._text))
        self._owner_ends.append(len(self._ordinals))

    def starting_with(self, term: bytes) -> BitMap:
        """Return the customers that have a word with this start; not to be changed."""
        known = self._by_character.get(term)
        if known is not None:
            return known
        found = BitMap(self._find(term))
        if found and len(term.decode("utf-8", "surrogatepass")) == 1:
            self._by_character[term] = found
        return found

    def entries(self) -> Iterator[tuple[bytes, Ordinals]]:
        """Yield each word with its customers."""
        for number in range(len(self._ends) - 1):
            owners = self._ordinals[self._owner_ends[number] : self._owner_ends[number + 1]]
            yield bytes(self._word(number)), owners

    def _find(self, term: bytes) -> Ordinals:
        numbers = range(len(self._ends) - 1)
        first = bisect_left(numbers, bytearray(term), key=self._word)
        last = bisect_left(numbers, bytearray(term + _ABOVE), lo=first, key=self._word)
        return self._ordinals[self._owner_ends[first] : self._owner_ends[last]]

    def _word(self, number: int) -> bytearray:
        return self._text[self._ends[number] : self._ends[number + 1]]

    @property
    def bytes(self) -> int:
        """The memory of the column."""
        in_bitmaps = 2 * len(self._ordinals)
        return 400 + len(self._text) + 8 * len(self._ends) + 4 * len(self._ordinals) + in_bitmaps
