"""Exports: files with the rows of a list. Their formats, columns, permissions and addresses, and the text of a cell."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.languages.languages import Language
from domain.partner.one_time_addresses import sign_address, verify_address
from domain.permissions import Permission
from domain.types import AnalyticsProduct, LicenseReport

EXPORT_LIFETIME = timedelta(minutes=5)
# Where a spreadsheet would read the text of a cell as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Where a program begins a cell within a text: one that reads CSV with another separator than the comma, as Excel does
# by itself in many countries, among them Serbia. It then knows no quotes either.
_FORMULA_INSIDE = re.compile(r"([;\t\r\n][\s\"]*)(?=[=+@-])")
_PURPOSE = b"export"


class ExportFormat(StrEnum):
    """The form of an exported file."""

    CSV = "CSV"
    XLSX = "XLSX"
    NDJSON = "NDJSON"


class ExportKind(StrEnum):
    """What an export lists."""

    CUSTOMERS = "CUSTOMERS"
    LICENSE_REPORT = "LICENSE_REPORT"
    ACTIVITY = "ACTIVITY"


class CustomerColumn(StrEnum):
    """The columns of an export of customers."""

    EXTERNAL_ID = "EXTERNAL_ID"
    NAME = "NAME"
    DOMAIN = "DOMAIN"
    COUNTRY = "COUNTRY"
    MANAGED_BY = "MANAGED_BY"
    STATUSES = "STATUSES"
    STATUS_REASONS = "STATUS_REASONS"
    PRODUCTS = "PRODUCTS"
    TAGS = "TAGS"
    ADMINISTRATORS = "ADMINISTRATORS"
    LICENSES_TOTAL = "LICENSES_TOTAL"
    LICENSES_ASSIGNED = "LICENSES_ASSIGNED"
    LICENSES_USED = "LICENSES_USED"
    LICENSES_OVERAGE = "LICENSES_OVERAGE"
    NEXT_EXPIRY_AT = "NEXT_EXPIRY_AT"
    LAST_ADMINISTRATOR_SIGN_IN_AT = "LAST_ADMINISTRATOR_SIGN_IN_AT"
    CREATED_AT = "CREATED_AT"


# What reading the list needs, and so the export, when it is requested and when it is read.
EXPORT_PERMISSIONS: Mapping[ExportKind, Permission] = {
    ExportKind.CUSTOMERS: Permission.READ_CUSTOMERS,
    ExportKind.LICENSE_REPORT: Permission.READ_ANALYTICS,
    ExportKind.ACTIVITY: Permission.READ_ACTIVITY,
}


class ExportCustomers(Struct, frozen=True, kw_only=True):
    """An export of the customers of a filter, in an order; by default with all columns."""

    filter: Omittable[Mapping[str, Any]] = ABSENT
    order_by: Omittable[Mapping[str, Any]] = ABSENT
    columns: Omittable[tuple[CustomerColumn, ...]] = ABSENT
    format: ExportFormat = ExportFormat.CSV


class ExportLicenseReport(Struct, frozen=True, kw_only=True):
    """The table of a licence report in its default order; `days` is read where the report has a window of time."""

    report: LicenseReport
    product: AnalyticsProduct
    days: int = 90
    filter: Omittable[Mapping[str, Any]] = ABSENT
    format: ExportFormat = ExportFormat.CSV


class ExportActivity(Struct, frozen=True, kw_only=True):
    """The events of a filter, newest first."""

    filter: Omittable[Mapping[str, Any]] = ABSENT
    format: ExportFormat = ExportFormat.CSV


class ExportReference(NamedTuple):
    """The export that a token identifies."""

    partner_id: str
    export_id: str


class ExportDescription(Struct, frozen=True):
    """What an export lists and in which form.

    `variables` are those of the list's query, in the spelling of the API. `columns` and `report` are those of the kind
    that has them. Texts that are made for people are in the `language`.
    """

    kind: ExportKind
    format: ExportFormat
    variables: Mapping[str, Any]
    columns: Sequence[CustomerColumn] = ()
    report: LicenseReport | None = None
    language: Language = Language.ENGLISH


def sign_export_token(secret: bytes, reference: ExportReference) -> str:
    """Return the token of an export. The token is not stored and cannot be forged."""
    return sign_address(_PURPOSE, secret, *reference)


def verify_export_token(secrets: Sequence[bytes], token: str) -> ExportReference | None:
    """Return the export of a token that one of the secrets signed; None for any other text."""
    ids = verify_address(_PURPOSE, secrets, token)
    return None if ids is None else ExportReference(*ids)


def guard_text(text: str) -> str:
    """Return the text of a cell so that no spreadsheet reads it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def guard_csv_text(text: str) -> str:
    """Return the text of a cell of CSV so that no spreadsheet reads it as a formula, whichever separator it assumes."""
    return _FORMULA_INSIDE.sub(r"\1'", guard_text(text))
