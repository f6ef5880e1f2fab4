"""Exports: a mutation requests one, and its address streams it once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from domain.customers.filter import check_filter_permissions, parse_filter
from domain.entitlements.report_figures import MAX_REPORT_DAYS
from domain.failures import BadUserInput
from domain.inputs import Omittable, value_or_none
from domain.integrations.exports import (
    EXPORT_LIFETIME,
    EXPORT_PERMISSIONS,
    CustomerColumn,
    ExportActivity,
    ExportCustomers,
    ExportDescription,
    ExportFormat,
    ExportKind,
    ExportLicenseReport,
    ExportReference,
)
from domain.languages.languages import Language
from domain.messages import translatable
from domain.partner.activity import activity_condition
from domain.partner.views import MAX_FILTER_LENGTH, filter_length, filter_to_api, filter_to_document
from domain.permissions import ROLE_PERMISSIONS, has_permission
from domain.types import ActivityKind, LicenseReport
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Client, Document, Session
from store.database.clock import utc_now
from store.database.one_time_requests import is_usable, match_usable, new_request, use_up
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.tenants.administrators import AdministratorDocument, Administrators

COLLECTION = "exports"
_NOUNS: Mapping[ExportKind, str] = {
    ExportKind.CUSTOMERS: "customers",
    ExportKind.LICENSE_REPORT: "a license report",
    ExportKind.ACTIVITY: "the activity",
}


class ExportResult(Struct, frozen=True):
    """The id of an export and the end of its validity. The token is computed from the id and is not stored."""

    export: str
    expires_at: datetime


class RedeemedExport(NamedTuple):
    """An export that its address has used up, and the administrator who had requested it."""

    requester: AdministratorDocument
    description: ExportDescription


async def export_customers(mutation: Mutation[ExportCustomers], language: Language) -> ExportResult:
    """Insert an export of customers."""
    given = mutation.input
    columns = tuple(dict.fromkeys(value_or_none(given.columns) or ()))
    variables = {"filter": _read_customer_filter(mutation, given.filter), "orderBy": _read_mapping(given.order_by)}
    return await _insert(
        mutation, ExportDescription(ExportKind.CUSTOMERS, given.format, variables, columns, language=language)
    )


async def export_license_report(mutation: Mutation[ExportLicenseReport], language: Language) -> ExportResult:
    """Insert an export of a licence report."""
    given = mutation.input
    mutation.checks.read_number(given.days, 1, MAX_REPORT_DAYS, translatable("The number of days"), "days")
    variables = {
        "filter": _read_customer_filter(mutation, given.filter),
        "product": str(given.product),
        "days": given.days,
    }
    return await _insert(
        mutation,
        ExportDescription(ExportKind.LICENSE_REPORT, given.format, variables, report=given.report, language=language),
    )


async def export_activity(mutation: Mutation[ExportActivity], language: Language) -> ExportResult:
    """Insert an export of the activity log."""
    given = _read_mapping(mutation.input.filter)
    try:
        activity_condition(value_or_none(mutation.input.filter))
    except BadUserInput as error:
        mutation.checks.add(UserErrorCode.INVALID, error.message, "filter")
    description = ExportDescription(ExportKind.ACTIVITY, mutation.input.format, {"filter": given}, language=language)
    return await _insert(mutation, description)


def _read_customer_filter(mutation: Mutation[Any], given: Omittable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    raw_filter = value_or_none(given)
    try:
        parse_filter(raw_filter)
    except BadUserInput as error:
        mutation.checks.add(UserErrorCode.INVALID, error.message, "filter")
        return None
    check_filter_permissions(raw_filter, ROLE_PERMISSIONS[mutation.actor.role])
    if filter_length(filter_to_document(raw_filter)) > MAX_FILTER_LENGTH:
        message = translatable(
            "The filter is longer than the {most} characters that an export keeps.", most=MAX_FILTER_LENGTH
        )
        mutation.checks.add(UserErrorCode.TOO_LONG, message, "filter")
    return _read_mapping(raw_filter)


def _read_mapping(given: Omittable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return an input in the spelling of the API, with enumerations by name and instants as text."""
    return filter_to_api(filter_to_document(value_or_none(given)))


async def _insert(mutation: Mutation[Any], description: ExportDescription) -> ExportResult:
    mutation.checks.raise_if_invalid()
    scope = mutation.scope
    stored = _to_document(description)
    export = new_request(scope, "exp", mutation.actor.id, EXPORT_LIFETIME, description=stored)
    await scope.collection(COLLECTION).insert_many([export], session=mutation.session)
    summary = f"An export of {_describe(description)} was asked for"
    mutation.add_event(EventDraft(ActivityKind.EXPORTED, scope.partner_id, summary))
    return ExportResult(export["_id"], export["expires_at"])


def _describe(description: ExportDescription) -> str:
    return f"{_NOUNS[description.kind]} as {description.format}"


async def is_redeemable(client: Client, reference: ExportReference) -> bool:
    """Return whether the export is unused and valid, without using it up."""
    return await is_usable(client, COLLECTION, *reference)


async def redeem(client: Client, reference: ExportReference) -> RedeemedExport | None:
    """Use the export up; return it, or None where its address opens nothing or its requester may no longer read it."""
    return await in_transaction(client, lambda session: _redeem(client, reference, session))


async def _redeem(client: Client, reference: ExportReference, session: Session) -> RedeemedExport | None:
    scope = Scope(client, reference.partner_id, utc_now())
    where = match_usable(scope, reference.export_id)
    export = await scope.collection(COLLECTION).find_one(where, session=session)
    if export is None:
        return None
    description = _from_document(export["description"])
    requester = await find_reader(scope, export["administrator_id"], description.kind, session)
    if requester is None or not await use_up(scope, COLLECTION, reference.export_id, scope.now, session):
        return None
    what = _describe(description)
    summary = f"{what[0].upper()}{what[1:]} left by the address that {requester.display_name} had asked for"
    # Anybody can hold the address. So the event has no actor.
    shared = {**NO_CUSTOMER, "actor_id": None}
    event = event_document(
        scope.partner_id, scope.now, shared, EventDraft(ActivityKind.EXPORTED, scope.partner_id, summary)
    )
    await scope.collection("events").insert_many([event], session=session)
    return RedeemedExport(requester, description)


async def find_reader(
    scope: Scope, administrator_id: str, kind: ExportKind, session: Session | None = None
) -> AdministratorDocument | None:
    """Return the administrator as they are now; None where they may not read such an export any more."""
    administrator = await Administrators(scope).find_active(administrator_id, session=session)
    may_read = administrator is not None and has_permission(administrator.role, EXPORT_PERMISSIONS[kind])
    return administrator if may_read else None


def _to_document(description: ExportDescription) -> Document:
    return {
        "kind": str(description.kind),
        "format": str(description.format),
        "variables": dict(description.variables),
        "columns": list(map(str, description.columns)),
        "report": None if description.report is None else str(description.report),
        "language": str(description.language),
    }


def _from_document(document: Document) -> ExportDescription:
    report = document["report"]
    return ExportDescription(
        ExportKind(document["kind"]),
        ExportFormat(document["format"]),
        document["variables"],
        tuple(map(CustomerColumn, document["columns"])),
        None if report is None else LicenseReport(report),
        Language(document["language"]),
    )
