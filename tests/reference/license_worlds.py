"""Small random partners that stand on the edges of every rule about licences, told relative to the moment asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests import random_values as rv
from tests.reference.model import MANAGERS, PRODUCTS

Record = dict[str, Any]
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
CURRENCIES = rv.sampled_from(["EUR", "CHF", "KWD"])
NAMES = ["Đorđević", "dordevic", "Müller GmbH", "muller", "株式会社サンプル", "Straße 7", "Alpha", "alpha", "Zulu"]
# Product and name of the lines of an entitlement; an unknown product becomes OTHER.
LINES: list[list[tuple[str, str | None]]] = [
    [],
    [("MEETINGS", None)],
    [("CALLING", None)],
    [("MEETINGS", None), ("CALLING", None)],
    [("MEETINGS", None), ("CALLING", "Professional"), ("MESSAGING", None)],
    [("CALLING", "Professional"), ("CALLING", "Workspace")],
    [("MEETINGS", "A:B.$c"), ("CALLING", None), ("CALLING", "Professional")],
    [("Fax", None), ("Fax", "Color"), ("OTHER", "Pager"), ("DEVICES", None)],
]


@dataclass(frozen=True)
class LicenseExample:
    """Streams of lines whose instants are offsets (timedelta) and whose days are days ago (int)."""

    streams: list[tuple[str, list[Record]]]
    shift: str
    days: int


def to_delivered(value: Any, now: datetime) -> Any:
    """The lines as they are delivered, for the moment that will be asked for."""
    if isinstance(value, timedelta):
        return (now + value).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, dict):
        parts = {name: to_delivered(one, now) for name, one in value.items()}
        return {**parts, "day": str(now.date() - value["day"] * DAY)} if "day" in value else parts
    return [to_delivered(one, now) for one in value] if isinstance(value, list) else value


def with_neighbours(*instants: timedelta) -> list[timedelta]:
    """Each with the milliseconds before and behind."""
    return [instant + step * MS for instant in instants for step in (-1, 0, 1)]


def added_offsets(days: int) -> rv.Values[timedelta]:
    """When an entitlement was added: at the edges of the peer group's 30 days and of the report's window."""
    edges = with_neighbours(-30 * DAY, -days * DAY, -90 * DAY, timedelta())
    return rv.sampled_from([*edges, HOUR, -3 * HOUR, -DAY, -31 * DAY, -61 * DAY, -400 * DAY, -400 * DAY])


def end_offsets(days: int) -> rv.Values[timedelta]:
    """When it ends: at the edges of the windows."""
    edges = with_neighbours(90 * DAY, days * DAY)
    return rv.sampled_from([*edges, HOUR, DAY, 30 * DAY, 366 * DAY, 366 * DAY])


# What has already happened at the moment asked for; whatever turns between it and the import would wait for the clock.
past_offsets = rv.sampled_from([-400 * DAY, -30 * DAY, -MS, timedelta()])
figures = rv.sampled_from([(0, 0, 0), (0, 3, 1), (4, 1, 1), (5, 3, 3), (5, 5, 0), (8, 6, 2), (8, 0, 0), (8, 5, 5)])
figures |= rv.sampled_from([(10, 12, 12), (100, 101, 7), (7, 3, 0), (1_000_000, 333_333, 1), (5, 1_000_000, 999_999)])
# Rates with ties, at the 75 % and above the total: what a peer group is made of.
group_figures = rv.sampled_from([(8, 6, 1), (8, 6, 6), (4 * 5, 15, 0), (8, 5, 2), (5, 0, 0), (5, 2, 2), (10, 4, 1)])
group_figures |= rv.sampled_from([(8, 7, 7), (9, 12, 3), (10, 8, 8), (1000, 749, 5), (1000, 751, 9), (5, 5, 5)])


def line(product: str, chosen: tuple[int, int, int], name: str | None = None) -> Record:
    """A licence line."""
    named = {} if name is None else {"name": name}
    return {"product": product, **named, "total": chosen[0], "assigned": chosen[1], "used": chosen[2]}


@rv.composite
def lines(draw: rv.Draw) -> list[Record]:
    """Lines of none to three products, some with names."""
    return [line(product, draw(figures), name) for product, name in draw(rv.sampled_from(LINES))]


@rv.composite
def entitlement(draw: rv.Draw, number: str, customers: list[str], days: int, *, is_steady: bool) -> tuple[str, Record]:
    """A subscription or a trial, with its kind; a steady one turns at none of the moments near the one asked for."""
    fixed = {"number": number, "customer": draw(rv.sampled_from(customers)), "licenses": draw(lines())}
    has_ended = draw(rv.integers(0, 6)) == 0 and not is_steady
    starts = (
        -500 * DAY if has_ended or is_steady else draw(rv.sampled_from([-500 * DAY, -500 * DAY, timedelta(), HOUR]))
    )
    end = draw(past_offsets) if has_ended else draw(end_offsets(days).filter(lambda one: one > starts))
    fixed |= {"addedAt": draw(added_offsets(days)), "startsAt": starts, "endsAt": end}
    if is_steady:
        fixed["endsAt"] = max(fixed["endsAt"], 30 * DAY)
    if draw(rv.booleans()):
        return "trials", fixed
    more: Record = {"autoRenew": draw(rv.booleans())}
    for name, values in _OPTIONAL.items():
        if draw(rv.integers(0, 4)) == 0:
            more[name] = draw(values)
    if draw(rv.integers(0, 7)) == 0:
        more["cancelledAt"] = None if is_steady else draw(rv.none() | past_offsets | rv.just(DAY))
    return "subscriptions", {**fixed, **more}


_OPTIONAL: Mapping[str, rv.Values[Any]] = {
    "termMonths": rv.sampled_from([1, 7, 24]),
    "setUp": rv.booleans(),
    "suspended": rv.just(value=True),
}


@rv.composite
def peer(draw: rv.Draw, number: str, customers: list[str], product: str) -> tuple[str, Record]:
    """An entitlement whose line belongs to the peer group."""
    fixed = {
        "number": number,
        "customer": draw(rv.sampled_from(customers)),
        "licenses": [line(product, draw(group_figures))],
        "addedAt": draw(rv.sampled_from([-30 * DAY, -30 * DAY - MS, -200 * DAY])),
        "startsAt": -300 * DAY,
        "endsAt": draw(rv.sampled_from([90 * DAY, 200 * DAY])),
    }
    if draw(rv.booleans()):
        return "trials", fixed
    return "subscriptions", {**fixed, "autoRenew": True}


@rv.composite
def usage(draw: rv.Draw, held: list[tuple[str, str, str | None]], *, youngest: int) -> Record:
    """A day's figures of some line."""
    number, product, name = draw(rv.sampled_from(held))
    ago = [0, 1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 20, 21, 27, 28, 60, 80, 83]
    assigned = draw(rv.integers(0, 12))
    day = {"day": draw(rv.sampled_from([day for day in ago if day >= youngest]))}
    named = {"entitlement": number, "product": product, **day, "assigned": assigned}
    if name is not None:
        named["name"] = name
    total = {"total": draw(rv.integers(0, 12))} if draw(rv.booleans()) else {}
    return {**named, "used": draw(rv.integers(0, assigned)), **total}


def invoice(subscriptions: list[str]) -> rv.Values[Record]:
    """An invoice of a subscription; one that is delivered again can be of another one, and VOID."""
    fixed = {"number": rv.sampled_from(["I-1", "I-2", "I-3", "I-4", "I-5"]), "dueOn": rv.just("2026-12-01")}
    issued = rv.sampled_from(["2026-09-01", "2026-10-01", "2026-11-01"])
    money = {"amount": rv.sampled_from(["10.50", "3", "0.0001", "999999999999.99"]), "currency": CURRENCIES}
    state = rv.sampled_from(["OPEN", "PAID", "OVERDUE", "VOID"])
    of = {"subscription": rv.sampled_from(subscriptions), "state": state, "issuedOn": issued}
    return rv.fixed_dictionaries({**fixed, **of, **money})


@rv.composite
def customer(draw: rv.Draw, key: str, *, is_steady: bool) -> Record:
    """A customer, sometimes a removed one."""
    found: Record = {
        "externalId": key,
        "name": draw(rv.sampled_from(NAMES)),
        "managedBy": draw(rv.sampled_from(MANAGERS)),
        "createdAt": -600 * DAY,
    }
    if draw(rv.integers(0, 9)) == 0 and not is_steady:
        found["removedAt"] = draw(rv.sampled_from([-DAY, timedelta(), DAY]))
    return found


@rv.composite
def license_examples(draw: rv.Draw) -> LicenseExample:
    """A partner: customers with and without entitlements, a crowd of peers where one is wanted, usage of some days."""
    shift = draw(rv.sampled_from(["", "", "", "MONDAY", "BEFORE_MONDAY"]))
    days, is_steady = draw(rv.sampled_from([1, 30, 90, 365])), bool(shift)
    customers = [f"C-{place}" for place in range(draw(rv.sampled_from([1, 3, 6, 12])))]
    first = [draw(entitlement(f"E-{n}", customers, days, is_steady=is_steady)) for n in range(draw(rv.integers(0, 15)))]
    crowd = draw(rv.sampled_from([0, 6, 7, 8, 8, 9, 13]))
    product = draw(rv.sampled_from(["MEETINGS", "CALLING"]))
    first += [draw(peer(f"P-{n}", customers, product)) for n in range(crowd)]
    whole = [draw(customer(key, is_steady=is_steady)) for key in customers]
    assigned = draw(rv.subsets(customers))
    streams = [("customers", [*whole]), ("administrators", administrators(assigned)), *group_by_kind(first)]
    held = [target for _, delivered in first for target in usage_targets(delivered)]
    if held:
        reports = draw(rv.lists(usage(held, youngest=8 if shift else 0), max_size=30))
        streams.append(("license-usage", reports))
    subscriptions = [line["number"] for kind, line in first if kind == "subscriptions"]
    if subscriptions:
        streams.append(("invoices", draw(rv.lists(invoice(subscriptions), max_size=8))))
    if first and draw(rv.integers(0, 2)) == 0:
        # Delivered again, with other facts: what was summed up before must follow.
        kinds = {line["number"]: kind for kind, line in first}
        again = [draw(entitlement(number, customers, days, is_steady=is_steady)) for number in list(kinds)[:8]]
        streams += group_by_kind([build_redelivery(kinds, first, kind, line) for kind, line in again])
    return LicenseExample([(kind, told) for kind, told in streams if told], shift, days)


def usage_targets(entitlement: Record) -> list[tuple[str, str, str | None]]:
    """Number, product and name of usage that is accepted: the name may be left out of the only line of a product."""
    products = [one["product"] if one["product"] in PRODUCTS else "OTHER" for one in entitlement["licenses"]]
    targets = [(entitlement["number"], one["product"], one.get("name")) for one in entitlement["licenses"]]
    kinds = zip(targets, products, strict=True)
    alone = [(number, product, None) for (number, product, _), kind in kinds if products.count(kind) == 1]
    return [target for target in dict.fromkeys([*targets, *alone]) if target[2] is not None or target in alone]


def build_redelivery(
    kinds: dict[str, str], first: list[tuple[str, Record]], kind: str, line: Record
) -> tuple[str, Record]:
    """A second delivery of the same number: its kind stays, and its customer can be another one."""
    number = line["number"]
    before = next(one for _, one in first if one["number"] == number)
    if kinds[number] == "trials":
        return "trials", {name: value for name, value in line.items() if name in before or name in _FIXED}
    return "subscriptions", {"autoRenew": False, **line}


_FIXED = ("number", "customer", "licenses", "addedAt", "startsAt", "endsAt")


def group_by_kind(entitlements: list[tuple[str, Record]]) -> list[tuple[str, list[Record]]]:
    """One stream of each kind."""
    return [(kind, [line for one, line in entitlements if one == kind]) for kind in ("subscriptions", "trials")]


def administrators(assigned: list[str]) -> list[Record]:
    """One of each role."""
    roles = {"full": "FULL", "read": "READ_ONLY"}
    found = [
        {"email": f"{name}@partner.example", "displayName": name, "role": f"{role}_ADMINISTRATOR"}
        for name, role in roles.items()
    ]
    some = {"email": "some@partner.example", "displayName": "some", "role": "ADMINISTRATOR", "assigned": assigned}
    return [*found, some]
