"""Licence lines of analytics: one stored document per entitlement and analytics product, as of one evaluation of the
customer. Its figures are the sums over the single lines of the product; `single_lines` has what each has assigned.

Reports, KPIs and peer groups read these documents instead of the entitlements. A line contains everything that its
entitlement and customer say about it, so that a report is one query on one collection.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.entitlements.license_keys import single_line_id, snapshot_key
from domain.entitlements.lifecycle import (
    Entitlement,
    LicenseFigures,
    effective_end,
    entitlement_from_document,
    is_running,
    is_trial,
    renews,
)
from domain.entitlements.peer_groups import MIN_PEER_TOTAL, license_rate
from domain.entitlements.product_licenses import sum_by_product
from domain.types import AnalyticsProduct

# The stored fields of a line without its id and stamps; `build_license_lines` defines them.
LicenseLine = dict[str, Any]
# The highest value of a line's total, assigned and used.
MAX_LICENSES = 1_000_000
# Replaces a null rate in ascending order, where MongoDB would sort null first; higher than any rate.
NO_RATE = 1e9
ANALYTICS_PRODUCTS = frozenset(str(product) for product in AnalyticsProduct)


def build_license_lines(
    customer: Mapping[str, Any], entitlements: Iterable[Mapping[str, Any]], now: datetime
) -> dict[str, LicenseLine]:
    """Return the lines of all entitlements, in any state, by their id `<entitlement id>:<product>`.

    Enums are stored by name, instants in naive UTC. `peer_rate` is the rate of a line that is running and large enough
    for its peer group, else None; the line's age is compared at query time.
    """
    customer_fields = {"customer_id": customer["_id"], "name_folded": customer["name_folded"]}
    license_lines: dict[str, LicenseLine] = {}
    for document in entitlements:
        entitlement = entitlement_from_document(document)
        licenses = [line for line in entitlement.licenses if line.product in ANALYTICS_PRODUCTS]
        if licenses:
            common = {**customer_fields, **_entitlement_fields(entitlement, now)}
            license_lines.update(_lines_of_entitlement(document, common, licenses))
    return license_lines


def _entitlement_fields(entitlement: Entitlement, now: datetime) -> LicenseLine:
    return {
        "entitlement_id": entitlement.id,
        "number": entitlement.number,
        "kind": str(entitlement.kind),
        "added_at": entitlement.added_at,
        "ends_at": effective_end(entitlement, now),
        "auto_renew": entitlement.auto_renew and not is_trial(entitlement),
        "renews": renews(entitlement),
        "cancelled_at": entitlement.cancelled_at,
        "is_running": is_running(entitlement, now),
    }


def _lines_of_entitlement(
    document: Mapping[str, Any], common: LicenseLine, licenses: Sequence[LicenseFigures]
) -> Iterator[tuple[str, LicenseLine]]:
    for figures in sum_by_product(licenses):
        total = figures.total
        rate, used_rate = license_rate(figures.assigned, total), license_rate(figures.used, total)
        fields = {
            "product": str(figures.product),
            "single_lines": [
                {"id": single_line_id(document["_id"], snapshot_key(line)), "assigned": line["assigned"]}
                for line in document["licenses"]
                if line["product"] == figures.product
            ],
            "total": total,
            "assigned": figures.assigned,
            "used": figures.used,
            "rate": rate,
            "used_rate": used_rate,
            "rate_sort": NO_RATE if rate is None else rate,
            "used_rate_sort": NO_RATE if used_rate is None else used_rate,
            "overage": figures.overage,
            "peer_rate": rate if common["is_running"] and total >= MIN_PEER_TOTAL else None,
        }
        yield f"{document['_id']}:{figures.product}", {**common, **fields}
