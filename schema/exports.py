"""The mutations that request exports: inputs, payloads, fields."""

from datetime import datetime

import strawberry

from domain.integrations.exports import (
    CustomerColumn,
    ExportActivity,
    ExportCustomers,
    ExportFormat,
    ExportLicenseReport,
)
from domain.types import LicenseReport
from resolvers import exports
from schema.activity import ActivityFilter
from schema.customer_inputs import CustomerFilter, CustomerOrder
from schema.enums import AnalyticsProduct, Permission, register_enum
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, user_errors_field

_FORMATS = {
    "CSV": "Comma-separated values (RFC 4180) in UTF-8 with a byte order mark. The first line has the titles.",
    "XLSX": "A workbook of Excel. A sheet has at most 1,048,576 rows, a further sheet the next ones.",
    "NDJSON": "One JSON object on each line.",
}
_COLUMNS = {
    "EXTERNAL_ID": "The organization's id in the ordering system.",
    "NAME": "The name of the organization.",
    "DOMAIN": "The internet domain of the organization.",
    "COUNTRY": "The country as an ISO 3166-1 alpha-2 code.",
    "MANAGED_BY": "How the partner came to manage the customer.",
    "STATUSES": "The statuses, the most urgent first.",
    "STATUS_REASONS": "The reason for each status, in the language of the request.",
    "PRODUCTS": "The products of every living entitlement.",
    "TAGS": "The names of the tags.",
    "ADMINISTRATORS": "The names of the administrators assigned to the customer.",
    "LICENSES_TOTAL": "The number of licenses ordered, of running entitlements.",
    "LICENSES_ASSIGNED": "The number of licenses assigned to users, of running entitlements.",
    "LICENSES_USED": "The number of licenses used in the last seven days, of running entitlements.",
    "LICENSES_OVERAGE": "The number of licenses assigned beyond those ordered, summed over single lines.",
    "NEXT_EXPIRY_AT": "The soonest end of a running entitlement.",
    "LAST_ADMINISTRATOR_SIGN_IN_AT": "The last sign-in of one of the customer's own administrators.",
    "CREATED_AT": "The moment at which the customer was created.",
}
_REPORTS = {
    "RECENTLY_ADDED": "`recentlyAdded`, of the last `days` days.",
    "EXPIRING": "`expiring`, of the next `days` days.",
    "RENEWING": "`renewing`, of the next `days` days.",
    "LOW_ASSIGNMENT": "`lowAssignment`.",
    "OVER_LIMIT": "`overLimit`.",
}
register_enum(ExportFormat, "The form of an exported file.", _FORMATS)
register_enum(CustomerColumn, "A column of an export of customers.", _COLUMNS)
register_enum(LicenseReport, "A report of LicenseAnalytics.", _REPORTS)
_FORMAT_DESCRIPTION = (
    "The form of the file. In CSV and XLSX, a text that a spreadsheet would read as a formula begins with an "
    "apostrophe."
)


@strawberry.input
class ExportCustomersInput:
    """The list of customers that is exported, in the order of the query `customers`."""

    filter: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only customers that match; all without a filter. At most 32,000 characters as JSON.",
    )
    order_by: CustomerOrder | None = strawberry.field(
        default=strawberry.UNSET, description="The order. Without it, by name."
    )
    columns: list[CustomerColumn] | None = strawberry.field(
        default=strawberry.UNSET, description="The columns to export; by default all."
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description=_FORMAT_DESCRIPTION)
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ExportLicenseReportInput:
    """The table of a license report that is exported, in its default order."""

    report: LicenseReport = strawberry.field(description="The report.")
    product: AnalyticsProduct = strawberry.field(description="The product.")
    days: int = strawberry.field(
        default=90,
        description="The number of days of a report that has a window of time, 1–365; another number is INVALID.",
    )
    filter: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only customers that match; all without a filter. At most 32,000 characters as JSON.",
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description=_FORMAT_DESCRIPTION)
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ExportActivityInput:
    """The events that are exported, newest first."""

    filter: ActivityFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Only events that match. Without it, all events."
    )
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description=_FORMAT_DESCRIPTION)
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _ExportPayload:
    """The fields that the payloads share."""

    url = field(
        exports.url,
        str | None,
        "An address that streams the file once, within five minutes. Every page of the list is read with the rights "
        "that the administrator has at that moment, and its cost is charged to the administrator: a long export is "
        "as slow as the rate limit, of which it leaves half. Null where nothing was requested.",
    )
    expires_at = field(exports.expires_at, datetime | None, "The moment after which the address opens nothing.")
    user_errors = user_errors_field()


@strawberry.type
class ExportCustomersPayload(_ExportPayload):
    """The address and the end of its validity, or the mistakes."""


@strawberry.type
class ExportLicenseReportPayload(_ExportPayload):
    """The address and the end of its validity, or the mistakes."""


@strawberry.type
class ExportActivityPayload(_ExportPayload):
    """The address and the end of its validity, or the mistakes."""


@strawberry.type
class ExportMutations:
    """The root fields that request exports."""

    export_customers = mutation(
        exports.export_customers,
        ExportCustomersPayload,
        ExportCustomersInput,
        ExportCustomers,
        "Returns an address that streams the customers of a list as a file.",
        requires=Permission.READ_CUSTOMERS,
    )
    export_license_report = mutation(
        exports.export_license_report,
        ExportLicenseReportPayload,
        ExportLicenseReportInput,
        ExportLicenseReport,
        "Returns an address that streams the table of a license report as a file.",
        requires=Permission.READ_ANALYTICS,
    )
    export_activity = mutation(
        exports.export_activity,
        ExportActivityPayload,
        ExportActivityInput,
        ExportActivity,
        "Returns an address that streams the events of the log as a file.",
        requires=Permission.READ_ACTIVITY,
    )
