"""The columns of exported files: what each selects of a row of its list, and how its value is read."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from domain.integrations.exports import CustomerColumn

# One row of a list, as the API answers it.
Node = Mapping[str, Any]


class ExportColumn(NamedTuple):
    """A column: its key in a line of NDJSON, its title in a table, its selection, and its value."""

    key: str
    title: str
    selection: str
    read: Callable[[Node], Any]


def _plain(key: str, title: str) -> ExportColumn:
    """Return the column of a field without a selection."""
    return ExportColumn(key, title, key, itemgetter(key))


def _licenses(figure: str) -> ExportColumn:
    """Return the column of a sum over the products of a customer."""
    key, title = f"licenses{figure.capitalize()}", f"Licenses {figure}"
    return ExportColumn(key, title, "licenses { total assigned used overage }", partial(_sum_licenses, figure))


def _sum_licenses(figure: str, node: Node) -> int:
    return sum(line[figure] for line in node["licenses"])


def _of_object(name: str, field: str, key: str, title: str) -> ExportColumn:
    """Return the column of a field of an object that can be null."""
    return ExportColumn(key, title, f"{name} {{ {field} }}", partial(_read_member, name, field))


def _read_member(name: str, field: str, node: Node) -> Any:
    return None if node[name] is None else node[name][field]


def _read_reasons(node: Node) -> list[str]:
    return [detail["reason"] for detail in node["statusDetails"]]


def _read_tags(node: Node) -> list[str]:
    return [tag["name"] for tag in node["tags"]]


def _read_administrators(node: Node) -> list[str]:
    return [assignment["administrator"]["displayName"] for assignment in node["assignments"]]


_C = CustomerColumn
CUSTOMER_COLUMNS: Mapping[CustomerColumn, ExportColumn] = {
    _C.EXTERNAL_ID: _plain("externalId", "External id"),
    _C.NAME: _plain("name", "Name"),
    _C.DOMAIN: _plain("domain", "Domain"),
    _C.COUNTRY: _plain("country", "Country"),
    _C.MANAGED_BY: _plain("managedBy", "Managed by"),
    _C.STATUSES: _plain("statuses", "Statuses"),
    _C.STATUS_REASONS: ExportColumn("statusReasons", "Status reasons", "statusDetails { reason }", _read_reasons),
    _C.PRODUCTS: _plain("products", "Products"),
    _C.TAGS: ExportColumn("tags", "Tags", "tags { name }", _read_tags),
    _C.ADMINISTRATORS: ExportColumn(
        "administrators", "Administrators", "assignments { administrator { displayName } }", _read_administrators
    ),
    _C.LICENSES_TOTAL: _licenses("total"),
    _C.LICENSES_ASSIGNED: _licenses("assigned"),
    _C.LICENSES_USED: _licenses("used"),
    _C.LICENSES_OVERAGE: _licenses("overage"),
    _C.NEXT_EXPIRY_AT: _plain("nextExpiryAt", "Next expiry"),
    _C.LAST_ADMINISTRATOR_SIGN_IN_AT: _plain("lastAdministratorSignInAt", "Last administrator sign-in"),
    _C.CREATED_AT: _plain("createdAt", "Created"),
}
_CUSTOMER = (
    _of_object("customer", "externalId", "customerExternalId", "External id"),
    _of_object("customer", "name", "customerName", "Customer"),
)
REPORT_COLUMNS: Sequence[ExportColumn] = (
    *_CUSTOMER,
    _plain("number", "Subscription id"),
    _plain("trial", "Trial"),
    _plain("daysSinceAdded", "Days since added"),
    _plain("daysToExpiry", "Days to expiry"),
    _plain("autoRenew", "Auto-renewal"),
    _plain("total", "Licenses total"),
    _plain("assigned", "Licenses assigned"),
    _plain("used", "Licenses used"),
    _plain("available", "Licenses available"),
    _plain("overage", "Licenses overage"),
    _plain("assignedPercent", "Assigned %"),
    _plain("usedPercent", "Used %"),
    _plain("weeklyAssignmentChange", "Weekly assignment change"),
    _plain("weeklyUsageChange", "Weekly usage change"),
    _plain("usedLastThreeMonths", "Highest use in three months"),
)
ACTIVITY_COLUMNS: Sequence[ExportColumn] = (
    _plain("at", "At"),
    _plain("kind", "Kind"),
    _of_object("actor", "displayName", "actor", "Actor"),
    _of_object("actor", "email", "actorEmail", "Actor's e-mail"),
    *_CUSTOMER,
    _plain("summary", "Summary"),
    ExportColumn("changes", "Changes", "changes { field before after }", itemgetter("changes")),
)


def select_columns(columns: Sequence[ExportColumn]) -> str:
    """Return the selection of a row that has what all columns need."""
    return " ".join(dict.fromkeys(column.selection for column in columns))
