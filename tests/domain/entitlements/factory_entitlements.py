"""Entitlements and customers for the tests of the rules, and strategies that draw random ones."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.customers.statuses import CustomerFacts, Thresholds
from domain.entitlements.lifecycle import Entitlement, LicenseFigures
from domain.types import Product
from tests import random_values as rv

NOON = datetime(2026, 11, 22, 12)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)


def entitlement(kind: str = "SUBSCRIPTION", **facts: Any) -> Entitlement:
    """A running subscription without auto-renewal that ends in a year, unless told otherwise."""
    values: dict[str, Any] = {
        "id": "sub_1",
        "number": "SUB-1",
        "added_at": NOON - 100 * DAY,
        "starts_at": NOON - 100 * DAY,
        "first_ends_at": NOON + 365 * DAY,
        "term_months": None if kind == "TRIAL" else 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "overdue_invoice": None,
        "licenses": [LicenseFigures(Product.MEETINGS, 10, 5, 3)],
        "renewals": 0,
        **facts,
    }
    values.setdefault("ends_at", values["first_ends_at"])
    return Entitlement(kind=kind, **values)


def trial(**facts: Any) -> Entitlement:
    """A running trial."""
    return entitlement("TRIAL", **{"id": "tri_1", "number": "TRI-1", **facts})


def customer(*entitlements: Entitlement, **facts: Any) -> CustomerFacts:
    """A customer whose administrator signed in at NOON."""
    values: dict[str, Any] = {"created_at": NOON - 200 * DAY, "last_sign_in_at": NOON, "removed_at": None, **facts}
    return CustomerFacts(entitlements=list(entitlements), **values)


# Few distinct moments, so that boundaries meet often.
instants = st.integers(-80, 80).map(lambda half_days: NOON + half_days * timedelta(hours=12))
thresholds = st.builds(Thresholds, st.integers(1, 20), st.integers(1, 20))


_instants = rv.integers(-80, 80).map(lambda half_days: NOON + half_days * timedelta(hours=12))


@rv.composite
def _entitlements(draw: rv.Draw, number: int = 1) -> Entitlement:
    """Any entitlement that an import could have made."""
    kind = draw(rv.sampled_from(["SUBSCRIPTION", "TRIAL"]))
    is_subscription = kind == "SUBSCRIPTION"
    starts = draw(_instants)
    first_end = starts + draw(rv.integers(1, 60)) * timedelta(hours=12)
    total, assigned = draw(rv.integers(0, 3)), draw(rv.integers(0, 3))
    return Entitlement(
        id=f"{'sub' if is_subscription else 'tri'}_{number}",
        number=f"N-{number}",
        kind=kind,
        added_at=starts - draw(rv.integers(0, 80)) * timedelta(hours=12),
        starts_at=starts,
        first_ends_at=first_end,
        # A subscription that does not renew any more can have reached a later end before.
        ends_at=first_end + draw(rv.sampled_from([0, 0, 31])) * DAY if is_subscription else first_end,
        renewals=draw(rv.integers(0, 2)) if is_subscription else 0,
        term_months=draw(rv.integers(1, 3)) if is_subscription else None,
        auto_renew=is_subscription and draw(rv.booleans()),
        set_up=not is_subscription or draw(rv.booleans()),
        suspended=is_subscription and draw(rv.booleans()),
        suspended_at=draw(rv.none() | _instants) if is_subscription else None,
        overdue_invoice=None,
        cancelled_at=draw(rv.none() | _instants) if is_subscription else None,
        licenses=[LicenseFigures(Product.MEETINGS, total, assigned, 0)],
    )


@rv.composite
def _customers(draw: rv.Draw) -> CustomerFacts:
    """A customer with up to four entitlements."""
    held = [draw(_entitlements(number)) for number in range(draw(rv.integers(0, 4)))]
    return CustomerFacts(draw(_instants), draw(rv.none() | _instants), draw(rv.none() | _instants), held)


def entitlements() -> st.SearchStrategy[Entitlement]:
    """Any entitlement that an import could have made."""
    return rv.seeded(_entitlements())


def customers() -> st.SearchStrategy[CustomerFacts]:
    """A customer with up to four entitlements."""
    return rv.seeded(_customers())
