"""Licence lines of analytics: one stored document per entitlement and product, as of one evaluation of the customer.
Its figures are the sums over the single lines of the product; `single_lines` has what each has assigned.

Reports, KPIs, peer groups and forecasts read these documents instead of the entitlements. A line contains everything
that its entitlement and customer say about it, so that a report is one query on one collection. Only forecasts read
lines of other products than MEETINGS and CALLING, and the line without a product of an entitlement without licences.
`is_first` marks one line of each entitlement, by which entitlements are counted once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.entitlements.license_keys import single_line_id, snapshot_key
from domain.entitlements.lifecycle import (
    DEFAULT_TERM_MONTHS,
    Entitlement,
    LicenseFigures,
    effective_end,
    entitlement_from_document,
    is_running,
    is_trial,
    renews,
)
from domain.entitlements.peer_groups import MIN_PEER_TOTAL, license_rate
from domain.entitlements.product_licenses import ProductLicenses, sum_by_product
from domain.types import AnalyticsProduct, Product

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

    An entitlement without licences has the id `<entitlement id>:`.

    Enums are stored by name, instants in naive UTC. `peer_rate` is the rate of a line that is running and large enough
    for its peer group, else None; the line's age is compared at query time.
    """
    customer_fields = {"customer_id": customer["_id"], "name_folded": customer["name_folded"]}
    license_lines: dict[str, LicenseLine] = {}
    for document in entitlements:
        entitlement = entitlement_from_document(document)
        common = {**customer_fields, **_entitlement_fields(document, entitlement, now)}
        license_lines.update(_lines_of_entitlement(document, common, entitlement.licenses))
    return license_lines


def _entitlement_fields(document: Mapping[str, Any], entitlement: Entitlement, now: datetime) -> LicenseLine:
    return {
        "entitlement_id": entitlement.id,
        "number": entitlement.number,
        "kind": str(entitlement.kind),
        "added_at": entitlement.added_at,
        "ends_at": effective_end(entitlement, now),
        "auto_renew": entitlement.auto_renew and not is_trial(entitlement),
        "renews": renews(entitlement),
        "term_months": entitlement.term_months or DEFAULT_TERM_MONTHS,
        "invoice_amount": document.get("invoice_amount"),
        "invoice_currency": document.get("invoice_currency"),
        "cancelled_at": entitlement.cancelled_at,
        "is_running": is_running(entitlement, now),
    }


def _lines_of_entitlement(
    document: Mapping[str, Any], common: LicenseLine, licenses: Sequence[LicenseFigures]
) -> Iterator[tuple[str, LicenseLine]]:
    if not licenses:
        yield license_line_id(document["_id"], None), {**common, **_NO_LICENSES}
    for position, figures in enumerate(sum_by_product(licenses)):
        single_lines = [
            {"id": single_line_id(document["_id"], snapshot_key(line)), "assigned": line["assigned"]}
            for line in document["licenses"]
            if line["product"] == figures.product
        ]
        fields = {"product": str(figures.product), "is_first": position == 0, "single_lines": single_lines}
        line = {**common, **fields, **_figure_fields(figures)}
        if common["is_running"] and figures.product in ANALYTICS_PRODUCTS and figures.total >= MIN_PEER_TOTAL:
            line["peer_rate"] = line["rate"]
        yield license_line_id(document["_id"], line["product"]), line


def license_line_id(entitlement_id: str, product: str | None) -> str:
    """Return `sub_1:CALLING`, the id of a stored line; `sub_1:` for an entitlement without licences."""
    return f"{entitlement_id}:{product or ''}"


def _figure_fields(figures: ProductLicenses) -> LicenseLine:
    rate, used_rate = license_rate(figures.assigned, figures.total), license_rate(figures.used, figures.total)
    return {
        "total": figures.total,
        "assigned": figures.assigned,
        "used": figures.used,
        "rate": rate,
        "used_rate": used_rate,
        "rate_sort": NO_RATE if rate is None else rate,
        "used_rate_sort": NO_RATE if used_rate is None else used_rate,
        "overage": figures.overage,
        "peer_rate": None,
    }


_NO_LICENSES: LicenseLine = {
    **_figure_fields(ProductLicenses(Product.OTHER, 0, 0, 0, 0, 0)),
    "product": None,
    "is_first": True,
    "single_lines": [],
}
