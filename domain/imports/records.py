"""The fields of the import records of each kind, and the parsing of a decoded record by them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from domain.calling.calls import QueueOutcome
from domain.entitlements.invoices import InvoiceState
from domain.failures import InvalidRecord
from domain.imports import fields
from domain.imports.call_fields import (
    instant_in_utc,
    milliseconds,
    percent,
    report_cell,
    seconds_from_text,
    wait_seconds,
)
from domain.imports.fields import FieldParser, wrong_type_error
from domain.imports.license_fields import check_used_within_assigned, identify_line, licenses, product_text
from domain.imports.money_fields import amount, currency
from domain.imports.order_fields import order_lines
from domain.imports.resource_fields import products, web_address
from domain.partner.resources import ResourceKind
from domain.types import AdministratorState, ManagedBy, OrderKind, PartnerRole

MAX_RECORD_BYTES = 1 << 20
# The fields of a stored document by their stored names.
DocumentFields = dict[str, Any]


class ImportKind(StrEnum):
    """The kinds of import streams, in the order in which a directory of them is loaded."""

    CUSTOMERS = "customers"
    ADMINISTRATORS = "administrators"
    SUBSCRIPTIONS = "subscriptions"
    TRIALS = "trials"
    ORDERS = "orders"
    INVOICES = "invoices"
    LICENSE_USAGE = "license-usage"
    RESOURCES = "resources"
    CALLS = "calls"
    CALL_MEDIA = "call-media"
    QUEUE_CALLS = "queue-calls"


class RecordField(NamedTuple):
    """A key of a record; `initial` is the value while none was delivered, and after null."""

    name: str
    parse: FieldParser
    required: bool = True
    initial: Any = None
    # True for a value that cannot be empty and has no fixed default, such as createdAt: null is ignored.
    null_keeps: bool = False


class ImportRecord(Struct, frozen=True):
    """One accepted record: the values that it has, by their delivered names. Instants are naive UTC."""

    kind: ImportKind
    key: str
    values: Mapping[str, Any]


def _optional(name: str, parse: FieldParser, initial: Any = None) -> RecordField:
    return RecordField(name, parse, required=False, initial=initial)


_id = fields.text(100)
_cell = fields.text(200)
_report_cell = report_cell(200)
_PERIOD = (
    RecordField("addedAt", fields.instant),
    RecordField("startsAt", fields.instant),
    RecordField("endsAt", fields.instant),
)
RECORD_FIELDS: dict[ImportKind, tuple[RecordField, ...]] = {
    ImportKind.CUSTOMERS: (
        RecordField("externalId", _id),
        RecordField("name", fields.text(200)),
        _optional("domain", fields.domain_name),
        _optional("country", fields.country),
        RecordField("managedBy", fields.one_of(ManagedBy)),
        RecordField("createdAt", fields.instant, required=False, null_keeps=True),
        _optional("lastAdministratorSignInAt", fields.instant),
        _optional("removedAt", fields.instant),
    ),
    ImportKind.ADMINISTRATORS: (
        RecordField("email", fields.email),
        RecordField("displayName", fields.text(200)),
        RecordField("role", fields.one_of(PartnerRole)),
        _optional("state", fields.one_of(AdministratorState), AdministratorState.ACTIVE.value),
        _optional("assigned", fields.texts, ()),
    ),
    ImportKind.SUBSCRIPTIONS: (
        RecordField("number", _id),
        RecordField("customer", _id),
        *_PERIOD,
        _optional("termMonths", fields.integer(1, 120), 12),
        RecordField("autoRenew", fields.boolean),
        _optional("setUp", fields.boolean, True),
        _optional("suspended", fields.boolean, False),
        _optional("suspendedAt", fields.instant),
        _optional("cancelledAt", fields.instant),
        RecordField("licenses", licenses),
    ),
    ImportKind.TRIALS: (
        RecordField("number", _id),
        RecordField("customer", _id),
        *_PERIOD,
        RecordField("licenses", licenses),
    ),
    ImportKind.ORDERS: (
        RecordField("number", _id),
        RecordField("subscription", _id),
        RecordField("kind", fields.one_of(OrderKind)),
        RecordField("placedAt", fields.instant),
        RecordField("lines", order_lines),
        _optional("amount", amount),
        _optional("currency", currency),
    ),
    ImportKind.INVOICES: (
        RecordField("number", _id),
        RecordField("subscription", _id),
        RecordField("state", fields.one_of(InvoiceState)),
        RecordField("issuedOn", fields.day),
        RecordField("dueOn", fields.day),
        RecordField("amount", amount),
        RecordField("currency", currency),
        _optional("documentUrl", web_address),
    ),
    ImportKind.LICENSE_USAGE: (
        RecordField("entitlement", _id),
        RecordField("product", product_text),
        _optional("name", product_text),
        RecordField("day", fields.day),
        RecordField("assigned", fields.licenses_count),
        RecordField("used", fields.licenses_count),
        # There is no default for a total that was not counted: null means the same as absence.
        RecordField("total", fields.licenses_count, required=False, null_keeps=True),
    ),
    ImportKind.RESOURCES: (
        RecordField("url", web_address),
        RecordField("title", fields.text(200)),
        RecordField("summary", fields.text(1_000)),
        RecordField("kind", fields.one_of(ResourceKind)),
        _optional("quickLink", fields.boolean, False),
        _optional("featured", fields.boolean, False),
        RecordField("products", products),
        RecordField("updatedOn", fields.day),
    ),
    # The columns of a report. An empty cell is an absent value: a report cannot clear a value.
    ImportKind.CALLS: (
        RecordField("Report ID", _id),
        _optional("Correlation ID", _id),
        RecordField("Org UUID", _id),
        _optional("User UUID", _id),
        RecordField("Start time", instant_in_utc),
        RecordField("Duration", seconds_from_text),
        _optional("Client type", _report_cell),
        _optional("Model", _report_cell),
        _optional("Related reason", _report_cell),
        _optional("Redirect reason", _report_cell),
        _optional("Original reason", _report_cell),
        _optional("User type", _report_cell),
        _optional("Call Recording Result", _report_cell),
    ),
    ImportKind.CALL_MEDIA: (
        RecordField("reportId", _id),
        _optional("packetLossPercent", percent),
        _optional("jitterMs", milliseconds),
        _optional("latencyMs", milliseconds),
    ),
    ImportKind.QUEUE_CALLS: (
        RecordField("id", _id),
        RecordField("customer", _id),
        RecordField("queue", _cell),
        RecordField("offeredAt", fields.instant),
        RecordField("outcome", fields.one_of(QueueOutcome)),
        RecordField("waitSeconds", wait_seconds),
    ),
}
_ABSENT = object()


def parse_record(kind: ImportKind, delivered: object) -> ImportRecord:
    """Parse a decoded JSON value; InvalidRecord names the first field that is not accepted."""
    if type(delivered) is not dict:
        raise wrong_type_error(None, "an object", delivered)
    values: dict[str, Any] = {}
    for name, parse, is_required, initial, null_keeps in RECORD_FIELDS[kind]:
        value = delivered.get(name, _ABSENT)
        if value is _ABSENT:
            if is_required:
                raise InvalidRecord(name, "is missing")
        elif value is not None or is_required:
            values[name] = parse(name, value)
        elif not null_keeps:
            values[name] = initial
    if "product" in values:
        values["product"], values["name"] = identify_line(values["product"], values.get("name"))
    _check_together(values)
    return ImportRecord(kind, values[RECORD_FIELDS[kind][0].name], values)


def record_key(kind: ImportKind, delivered: object) -> str | None:
    """Return the key of a record that could not be parsed, for its rejection; None where it has none."""
    key = delivered.get(RECORD_FIELDS[kind][0].name) if isinstance(delivered, dict) else None
    return key[:100] if isinstance(key, str) else None


def _check_together(values: dict[str, Any]) -> None:
    if "endsAt" in values and values["endsAt"] <= values["startsAt"]:
        raise InvalidRecord("endsAt", "must lie after startsAt")
    if "used" in values:
        check_used_within_assigned("used", values["used"], values["assigned"])
    if values.get("assigned") and values.get("role", PartnerRole.ADMINISTRATOR) != PartnerRole.ADMINISTRATOR:
        raise InvalidRecord("assigned", f"is for an ADMINISTRATOR only, and the role is {values['role']}")
