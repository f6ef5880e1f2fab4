"""Small random groups of customers on the edges of every rule, what is delivered of them, and filters to ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from domain.types import CustomerOrderField, OrderDirection
from store.customers.customers import CustomerOrder
from tests import random_values as rv
from tests.domain.imports.factory_records import days_ago
from tests.reference import model

KEYS = ["C-1", "C-2", "Ü 3", "Cé４"]
EMAILS = ["ada@partner.example", "bob@partner.example"]
NAMES = [
    "Đorđević",
    "dordevic",
    "Müller GmbH",
    "muller",
    "株式会社サンプル",
    "สยามไทย 한국전자",
    "Straße 7",
    "ＡＢＣ Tel",
    "Işık",
    "İstanbul",
    "Łódź-Ørsted",
]
SEARCHES = [
    "dord",
    "ĐOR",
    "mull",
    "müller gm",
    "株式",
    "会社サ",
    "ไทย",
    "전자",
    "mueller",
    "e 1",
    "4",
    "strass",
    "straße",
    "abc t",
    "isik",
    "ist",
    "lodz",
    "3",
    "４",
    "tel",
    "?",
    " ",
]
ORDERS = [CustomerOrder(field, direction) for field in CustomerOrderField for direction in OrderDirection]
# Tags are no kind of import: they are put on customers in between.
KINDS = ["customers", "administrators", "subscriptions", "trials", "invoices", "license-usage", "tags"]
TAGS = ["gold", "silver"]
# One round delivers and compares several groups of customers of one partner: its fixed costs are those of one group.
GROUPS = 10
DIMENSIONS = {"managed_by": model.MANAGERS, "product": model.PRODUCTS}
DIMENSIONS |= {"status": model.STATUSES, "subscription_type": model.TYPES}
DAYS = [days_ago(60), days_ago(59), days_ago(58)]
Record = dict[str, Any]
# By turn, kind and part.
Streams = dict[tuple[int, int, int], list[Record]]
# What each group has of its own: customers, administrators, subscriptions and trials, invoices.
_OWN = {*KEYS, *EMAILS, *(f"E-{place}" for place in range(6)), *(f"I-{place}" for place in range(5))}


@dataclass(frozen=True)
class HourOffset:
    """An instant `hours` after the moment of the example.

    At a boundary, it lies on the side that the boundary has as time passes.
    """

    hours: int


DAY = 24
pasts = rv.sampled_from(
    [
        HourOffset(-400 * DAY),
        HourOffset(-60 * DAY),
        HourOffset(-60 * DAY + 1),
        HourOffset(-30 * DAY),
        HourOffset(-1),
        HourOffset(0),
    ]
)
starts = rv.sampled_from([HourOffset(-900 * DAY), HourOffset(-500 * DAY), HourOffset(1)])
ends = rv.sampled_from(
    [
        HourOffset(-400 * DAY),
        HourOffset(-31 * DAY),
        HourOffset(0),
        HourOffset(2),
        HourOffset(DAY),
        HourOffset(7 * DAY),
        HourOffset(7 * DAY + 1),
        HourOffset(366 * DAY),
    ]
)
moments = rv.sampled_from([HourOffset(-20 * DAY), HourOffset(0), HourOffset(5 * DAY)])
counts = rv.sampled_from([0, 5, 1_000_000])
assigned = rv.sampled_from([1, 5, 12, 1_000_000])


def line_of(required: Record, optional: Record) -> rv.Values[Record]:
    return rv.fixed_dictionaries(required, optional=optional)


@cache
def customer(key: str) -> rv.Values[Record]:
    required = {
        "externalId": rv.just(key),
        "name": rv.sampled_from(NAMES),
        "managedBy": rv.sampled_from(model.MANAGERS),
    }
    optional = {
        "domain": rv.sampled_from([None, "müller.example", "abc.tel"]),
        "country": rv.sampled_from([None, "DE", "RS"]),
        "lastAdministratorSignInAt": rv.none() | pasts,
    }
    removals = rv.sampled_from([None, None, None, HourOffset(-20 * DAY), HourOffset(0), HourOffset(5 * DAY)])
    return line_of({**required, "createdAt": pasts, "removedAt": removals}, optional)


@cache
def administrator(email: str) -> rv.Values[Record]:
    fixed = {"email": rv.just(email), "displayName": rv.just("Somebody"), "role": rv.just("ADMINISTRATOR")}
    return line_of({**fixed, "assigned": rv.subsets(KEYS)}, {})


products = rv.sampled_from([*model.PRODUCTS[:3], "Fax"])
line_names = rv.sampled_from([None, "Professional", "A:b.$c"])
figures = line_of(
    {"product": products, "total": counts}, {"name": line_names, "assigned": assigned, "used": rv.just(0)}
)


@cache
def trial(number: str, key: str) -> rv.Values[Record]:
    lines = rv.lists(figures, max_size=3, unique_by=model.line_key)
    times = rv.tuples(starts, ends).filter(lambda pair: pair[0].hours < pair[1].hours)
    fixed = {"number": rv.just(number), "customer": rv.just(key), "addedAt": pasts, "licenses": lines}
    whole = rv.tuples(line_of(fixed, {}), times)
    return whole.map(lambda pair: {**pair[0], "startsAt": pair[1][0], "endsAt": pair[1][1]})


@cache
def subscription(number: str, key: str) -> rv.Values[Record]:
    more = line_of(
        {"autoRenew": rv.booleans()},
        {
            "termMonths": rv.sampled_from([None, 1, 7, 12]),
            "setUp": rv.sampled_from([None, True, False]),
            "suspended": rv.sampled_from([None, True, False]),
            "suspendedAt": rv.none() | moments,
            "cancelledAt": rv.none() | moments,
        },
    )
    return rv.tuples(trial(number, key), more).map(lambda pair: {**pair[0], **pair[1]})


@cache
def invoice(number: str, subscriptions: tuple[str, ...]) -> rv.Values[Record]:
    fixed = {"number": rv.just(number), "subscription": rv.sampled_from(subscriptions)}
    state = rv.sampled_from(["OPEN", "PAID", "OVERDUE", "VOID"])
    priced = {"dueOn": rv.just("2026-12-01"), "amount": rv.just("1.00"), "currency": rv.just("EUR")}
    return line_of({**fixed, "state": state, "issuedOn": rv.sampled_from(DAYS), **priced}, {})


@cache
def usage(numbers: tuple[str, ...]) -> rv.Values[Record]:
    required = {"product": products, "day": rv.sampled_from(DAYS), "assigned": assigned}
    return line_of(
        {"entitlement": rv.sampled_from(numbers), **required, "used": rv.sampled_from([0, 1])},
        {"total": counts, "name": line_names},
    )


@cache
def tagged(key: str) -> rv.Values[Record]:
    return line_of({"externalId": rv.just(key), "tags": rv.subsets(TAGS)}, {})


NUMBERS = tuple(f"E-{place}" for place in range(6))
SUBSCRIBED, TRIED = NUMBERS[:3], NUMBERS[3:]
# Strategies are built once: that costs more than the values that are drawn.
keys, turns, quarter = rv.sampled_from(KEYS), rv.sampled_from([1, 3, 3]), rv.sampled_from([True, False, False, False])
usages = rv.lists(
    usage(NUMBERS), max_size=4, unique_by=lambda line: (line["entitlement"], line["product"], line["day"])
)
places = rv.sampled_from([0, 1, 2, 3])


@rv.composite
def deliveries(draw: rv.Draw) -> Streams:
    """Streams by their place in the order of delivery: each of a kind, its lines in any order, some of them twice."""
    holders = {number: draw(keys) for number in NUMBERS}
    streams: Streams = {}
    for turn in range(draw(turns)):
        for place, (kind, lines) in enumerate(_lines(draw, holders, turn).items()):
            assert kind == KINDS[place]
            twice = [line for line in lines if draw(quarter)]
            shuffled = draw(rv.permutations([*lines, *twice]))
            cut = min(draw(places), len(shuffled)) if draw(quarter) else 0
            streams |= {(turn, place, half): part for half, part in enumerate((shuffled[:cut], shuffled[cut:])) if part}
    return streams


def _lines(draw: rv.Draw, holders: dict[str, str], turn: int) -> dict[str, list[Record]]:
    """Return the lines of a turn by kind."""

    def owner(number: str) -> str:
        """The customer of the number; sometimes another one, to which it then moves."""
        key: str = draw(keys) if draw(rv.booleans()) else holders[number]
        return key

    # Everything that others name has to be there from the first turn on.
    is_first = turn == 0
    return {
        "customers": [draw(customer(key)) for key in KEYS],
        "administrators": [draw(administrator(email)) for email in EMAILS if is_first or draw(rv.booleans())],
        "subscriptions": [draw(subscription(n, owner(n))) for n in SUBSCRIBED if draw(rv.booleans())],
        "trials": [draw(trial(n, owner(n))) for n in TRIED if draw(rv.booleans())],
        "invoices": [draw(invoice(f"I-{n}", SUBSCRIBED)) for n in range(5) if draw(rv.booleans())],
        "license-usage": draw(usages),
        "tags": [draw(tagged(key)) for key in KEYS if draw(rv.booleans())],
    }


def some(values: Sequence[str]) -> rv.Values[list[str] | None]:
    return rv.none() | rv.lists(rv.sampled_from(values), max_size=3)


# Instants of customers and the moments beside them: the store has the first ones to the millisecond.
bounds = rv.none() | pasts
ranges = rv.none() | rv.fixed_dictionaries({}, optional={"since": bounds, "until": bounds})
CONDITIONS: dict[str, rv.Values[Any]] = {
    "search": rv.none() | rv.sampled_from(SEARCHES),
    "managed_by": some(model.MANAGERS),
    "product": some(model.PRODUCTS),
    "status": some(model.STATUSES),
    "subscription_type": some(model.TYPES),
    "tag": some([*TAGS, "deleted"]),
    "has_tags": rv.none() | rv.booleans(),
    "administrator": some(EMAILS),
    "country": some(["DE", "RS", "FR"]),
    "expires_within_days": rv.none() | rv.sampled_from([1, 30, 365]),
    "renews_within_days": rv.none() | rv.sampled_from([1, 30, 365]),
    "has_assignments": rv.none() | rv.booleans(),
    "invoice_state": some(["OPEN", "PAID", "OVERDUE", "VOID"]),
    "created_at": ranges,
    "last_administrator_sign_in_at": ranges,
}
conditions = rv.fixed_dictionaries({}, optional=CONDITIONS)
# One condition alone is read along an index of its own; most lists have one at most, so that half of these have.
alone = rv.one_of(*(rv.fixed_dictionaries({name: values}) for name, values in CONDITIONS.items()))


def nested(inner: rv.Values[Record]) -> rv.Values[Record]:
    lists = rv.none() | rv.lists(inner, max_size=2)
    joined = rv.fixed_dictionaries({}, optional={"all_of": lists, "any_of": lists, "not_": rv.none() | inner})
    return rv.tuples(conditions, joined).map(lambda pair: {**pair[0], **pair[1]})


filters = alone | rv.sampled_from(SEARCHES).map(lambda text: {"search": text}) | conditions | nested(nested(conditions))


class Question(NamedTuple):
    """What is asked about a group's customers: a filter, an order, a page size, and who asks."""

    filter: Record
    order: CustomerOrder
    size: int
    viewer: str | None


questions = rv.builds(Question, filters, rv.sampled_from(ORDERS), rv.integers(1, 5), rv.sampled_from([None, *EMAILS]))


@rv.composite
def group_examples(draw: rv.Draw) -> tuple[list[Streams], list[Question]]:
    """The streams of each group, and a question about it."""
    streams = [with_number(draw(deliveries()), number) for number in range(GROUPS)]
    drawn: list[Question] = [draw(questions) for _ in range(GROUPS)]
    asked = [
        one._replace(filter=with_number(one.filter, number), viewer=with_number(one.viewer, number))
        for number, one in enumerate(drawn)
    ]
    return streams, asked


def with_number(value: Any, number: int) -> Any:
    """Return the value with the group's number in each key of its own."""
    if isinstance(value, dict):
        return {name: with_number(one, number) for name, one in value.items()}
    if isinstance(value, list):
        return [with_number(one, number) for one in value]
    if value not in _OWN:
        return value
    return f"{number}.{value}" if value in EMAILS else f"{value}.{number}"
