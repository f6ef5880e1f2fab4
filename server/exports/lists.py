"""The lists that are exported, as queries of the API: so an export lists exactly what the query does."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.integrations.exports import CustomerColumn, ExportDescription, ExportKind
from domain.text.api_names import api_name
from domain.types import LicenseReport
from server.exports.columns import (
    ACTIVITY_COLUMNS,
    CUSTOMER_COLUMNS,
    REPORT_COLUMNS,
    ExportColumn,
    select_columns,
)

_WITH_DAYS = frozenset({LicenseReport.RECENTLY_ADDED, LicenseReport.EXPIRING, LicenseReport.RENEWING})


class ExportedList(NamedTuple):
    """A list: the name of its file, its columns, and the query of one page, which is found at `path` in the answer.

    Beside those of the list, the query has the variables `first` and `after`.
    """

    name: str
    columns: Sequence[ExportColumn]
    query: str
    path: Sequence[str]

    def find_page(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the connection in the data of an answer."""
        for name in self.path:
            data = data[name]
        return data


def build_list(description: ExportDescription) -> ExportedList:
    """Return the list of an export."""
    match description.kind:
        case ExportKind.CUSTOMERS:
            return _customers(description.columns)
        case ExportKind.LICENSE_REPORT:
            return _license_report(description.report or LicenseReport.EXPIRING)
        case ExportKind.ACTIVITY:
            return _activity()


def _customers(columns: Sequence[CustomerColumn]) -> ExportedList:
    chosen = [CUSTOMER_COLUMNS[column] for column in columns or CustomerColumn]
    page = _page("customers", "filter: $filter, orderBy: $orderBy", chosen)
    query = _query("$filter: CustomerFilter, $orderBy: CustomerOrder", page)
    return ExportedList("customers", chosen, query, ["page"])


def _license_report(report: LicenseReport) -> ExportedList:
    name = api_name(report.value.lower())
    declared, days = (", $days: Int!", "(days: $days)") if report in _WITH_DAYS else ("", "")
    page = _page("entitlements", "", REPORT_COLUMNS)
    analytics = f"licenseAnalytics(product: $product, filter: $filter) {{ report: {name}{days} {{ {page} }} }}"
    query = _query(f"$product: AnalyticsProduct!, $filter: CustomerFilter{declared}", analytics)
    file_name = f"licenses-{report.value.lower().replace('_', '-')}"
    return ExportedList(file_name, REPORT_COLUMNS, query, ["licenseAnalytics", "report", "page"])


def _activity() -> ExportedList:
    page = _page("activity", "filter: $filter", ACTIVITY_COLUMNS)
    return ExportedList("activity", ACTIVITY_COLUMNS, _query("$filter: ActivityFilter", page), ["page"])


def _query(variables: str, selection: str) -> str:
    return f"query Export({variables}, $first: Int!, $after: String) {{ {selection} }}"


def _page(field: str, arguments: str, columns: Sequence[ExportColumn]) -> str:
    listed = f"nodes {{ {select_columns(columns)} }} pageInfo {{ hasNextPage endCursor }}"
    given = f"{arguments}, first: $first, after: $after".removeprefix(", ")
    return f"page: {field}({given}) {{ {listed} }}"
