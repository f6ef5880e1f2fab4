"""Orders that this system creates itself: for a renewal, and for a trial that became a subscription."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from domain.entitlements.license_keys import key_fields, key_of_line
from domain.entitlements.orders import is_same_renewal, other_numbers, renewal_window
from domain.types import OrderKind
from store.database.client import Document, Session
from store.database.ids import new_id
from store.database.scope import Scope

COLLECTION = "orders"
# Stands for the unknown term of a delivered order, which then counts for the subscription's present term.
MAX_TERM_MONTHS = 120


class RenewedTerm(NamedTuple):
    """A term that a subscription has renewed for: the n-th renewal, and when the term begins."""

    subscription: Document
    renewal: int
    begins_at: datetime

    @property
    def number(self) -> str:
        """The preferred number of the term's order."""
        return f"{self.subscription['number']}-R{self.renewal}"


def system_order(subscription: Document, number: str, kind: OrderKind, at: datetime) -> Document:
    """Return an order of all licences of the subscription; an order that is delivered later replaces it.

    `term_months` is the length of the term that a renewal begins: the subscription's can change.
    """
    lines = [{**key_fields(key_of_line(line)), "quantity": line["total"]} for line in subscription["licenses"]]
    return {
        "_id": new_id("ord"),
        "version": 1,
        "entitlement_id": subscription["_id"],
        "customer_id": subscription["customer_id"],
        "number": number,
        "kind": str(kind),
        "placed_at": at,
        "term_months": subscription["term_months"],
        "lines": lines,
        "amount": None,
        "currency": None,
        "by_system": True,
        "delivered": {},
    }


async def build_renewal_orders(scope: Scope, session: Session, terms: Sequence[RenewedTerm]) -> list[Document]:
    """Return an order for each term that has none yet, neither one of ours nor a delivered one."""
    renewals = await _read_renewals(scope, session, terms)
    orders = [
        system_order(term.subscription, term.number, OrderKind.RENEWAL, term.begins_at)
        for term in terms
        if renewals[term.subscription["_id"]].add(term)
    ]
    numbers = await choose_free_numbers(scope, session, [order["number"] for order in orders])
    return [{**order, "number": number} for order, number in zip(orders, numbers, strict=True)]


class _Renewals:
    """When the renewal orders of one subscription were placed, ascending, each with the months of its term."""

    def __init__(self) -> None:
        self.placed: list[tuple[datetime, int]] = []

    def add(self, term: RenewedTerm) -> bool:
        """Add an order for the term; return False where there is one already."""
        months, begins_at = term.subscription["term_months"], term.begins_at
        first, last = (bisect_left(self.placed, (bound, 0)) for bound in renewal_window(begins_at, months))
        # An order of ours for a month is not the order of the year that begins two months later.
        if any(is_same_renewal(at, begins_at, min(months, own)) for at, own in self.placed[first:last]):
            return False
        insort(self.placed, (begins_at, months))
        return True


async def _read_renewals(scope: Scope, session: Session, terms: Sequence[RenewedTerm]) -> Mapping[str, _Renewals]:
    """Return the stored renewal orders that can be for one of the terms, by subscription."""
    windows: dict[str, tuple[datetime, datetime]] = {}
    for subscription, _, at in terms:
        first, last = renewal_window(at, subscription["term_months"])
        known = windows.get(subscription["_id"], (first, last))
        windows[subscription["_id"]] = min(first, known[0]), max(last, known[1])
    renewals: defaultdict[str, _Renewals] = defaultdict(_Renewals)
    if windows:
        placed = [{"entitlement_id": id_, "placed_at": {"$gt": w[0], "$lt": w[1]}} for id_, w in windows.items()]
        where = {**scope.match(), "kind": str(OrderKind.RENEWAL), "$or": placed}
        fields = {"entitlement_id": 1, "placed_at": 1, "term_months": 1}
        for order in await scope.collection(COLLECTION).find(where, fields, sort=[("placed_at", 1)], session=session):
            placed_at = (order["placed_at"], order.get("term_months") or MAX_TERM_MONTHS)
            renewals[order["entitlement_id"]].placed.append(placed_at)
    return renewals


async def choose_free_numbers(
    scope: Scope, session: Session, preferred: Sequence[str], reserved: AbstractSet[str] = frozenset()
) -> list[str]:
    """Return a number for each preferred one: the number itself, or the number with the first free letters.

    No order has the number, and it is not one of the `reserved` ones.
    """
    candidates = [other_numbers(number) for number in preferred]
    chosen: dict[int, str] = {}
    taken = set(reserved)
    size = 1
    while open_positions := [position for position in range(len(preferred)) if position not in chosen]:
        proposed = {position: list(islice(candidates[position], size)) for position in open_positions}
        taken |= await find_taken_numbers(scope, session, chain.from_iterable(proposed.values()))
        for position, numbers in proposed.items():
            free = next((number for number in numbers if number not in taken), None)
            if free is not None:
                chosen[position] = free
                taken.add(free)
        size *= 8
    return [chosen[position] for position in range(len(preferred))]


async def find_taken_numbers(scope: Scope, session: Session, numbers: Iterable[str]) -> set[str]:
    """Return which of the numbers stored orders have."""
    where = {**scope.match(), "number": {"$in": sorted(numbers)}}
    return {order["number"] for order in await scope.collection(COLLECTION).find(where, {"number": 1}, session=session)}
