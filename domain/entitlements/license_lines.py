"""A customer's licence lines of the products that analytics are about, as they stand at one moment."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.entitlements.lifecycle import Entitlement, entitlement_from_document, is_running, renews
from domain.entitlements.peer_groups import MIN_PEER_TOTAL, license_rate
from domain.types import AnalyticsProduct

LicenseLine = dict[str, Any]
# The largest figure of a licence line.
MAX_LICENSES = 1_000_000
# Stands where a rate is null and ascending order wants it last; no rate is as large.
NO_RATE = 1e9
ANALYTICS_PRODUCTS = frozenset(str(product) for product in AnalyticsProduct)


def build_license_lines(
    customer: Mapping[str, Any], entitlements: Iterable[Mapping[str, Any]], now: datetime
) -> dict[str, LicenseLine]:
    """One line for each product of each entitlement, whatever its state, by `<entitlement id>:<product>`.

    Enums by name, instants in naive UTC. `peer_rate` is the rate where the line runs and is large enough for its
    peer group; only its age is left to be looked at.
    """
    shared = {"customer_id": customer["_id"], "name_folded": customer["name_folded"]}
    found: dict[str, LicenseLine] = {}
    for document in entitlements:
        held = [line for line in document["licenses"] if line["product"] in ANALYTICS_PRODUCTS]
        if held:
            facts = entitlement_from_document(document)
            common = {**shared, **_of_entitlement(document, facts, now)}
            found.update(_lines(document["_id"], common, held))
    return found


def _of_entitlement(document: Mapping[str, Any], facts: Entitlement, now: datetime) -> LicenseLine:
    return {
        "entitlement_id": facts.id,
        "number": facts.number,
        "kind": str(facts.kind),
        "added_at": facts.added_at,
        "ends_at": document["ends_at"],
        "auto_renew": renews(facts),
        "cancelled_at": facts.cancelled_at,
        "is_running": is_running(facts, now),
    }


def _lines(
    entitlement_id: str, common: LicenseLine, held: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, LicenseLine]]:
    for line in held:
        total, assigned, used = line["total"], line["assigned"], line["used"]
        rate, used_rate = license_rate(assigned, total), license_rate(used, total)
        figures = {
            "product": line["product"],
            "total": total,
            "assigned": assigned,
            "used": used,
            "rate": rate,
            "used_rate": used_rate,
            "rate_sort": NO_RATE if rate is None else rate,
            "used_rate_sort": NO_RATE if used_rate is None else used_rate,
            "overage": max(0, assigned - total),
            "peer_rate": rate if common["is_running"] and total >= MIN_PEER_TOTAL else None,
        }
        yield f"{entitlement_id}:{line['product']}", {**common, **figures}
