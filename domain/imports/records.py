"""What a delivered line of each kind must look like: one table of fields a kind, and the reading of a line by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from domain.calling.calls import QueueOutcome
from domain.entitlements.invoices import InvoiceState
from domain.failures import LineRefused
from domain.imports import fields
from domain.imports.call_fields import instant_in_utc, milliseconds, percent, seconds_text, wait_seconds
from domain.imports.fields import Parser, wrong_type
from domain.imports.license_fields import licenses, product, refuse_surplus
from domain.imports.money_fields import amount, currency
from domain.imports.order_fields import order_lines
from domain.imports.resource_fields import products, web_address
from domain.partner.resources import ResourceKind
from domain.types import AdministratorState, ManagedBy, OrderKind, PartnerRole

LONGEST_LINE = 1 << 20


class LineKind(StrEnum):
    """The streams that are taken in, in the order in which a directory of them is loaded."""

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


class Field(NamedTuple):
    """A key of a line; `initial` is the fact where it was never delivered, and what null brings back."""

    name: str
    parse: Parser
    required: bool = True
    initial: Any = None
    # For a fact that cannot be empty and has no fixed default, such as the moment of creation, null says nothing.
    null_keeps: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One accepted line: the values that were given, by their delivered names. Instants are naive UTC."""

    kind: LineKind
    key: str
    values: Mapping[str, Any]


def _optional(name: str, parse: Parser, initial: Any = None) -> Field:
    return Field(name, parse, required=False, initial=initial)


_id = fields.text(100)
_cell = fields.text(200)
_PERIOD = (Field("addedAt", fields.instant), Field("startsAt", fields.instant), Field("endsAt", fields.instant))
FIELDS: dict[LineKind, tuple[Field, ...]] = {
    LineKind.CUSTOMERS: (
        Field("externalId", _id),
        Field("name", fields.text(200)),
        _optional("domain", fields.domain_name),
        _optional("country", fields.country),
        Field("managedBy", fields.one_of(ManagedBy)),
        Field("createdAt", fields.instant, required=False, null_keeps=True),
        _optional("lastAdministratorSignInAt", fields.instant),
        _optional("removedAt", fields.instant),
    ),
    LineKind.ADMINISTRATORS: (
        Field("email", fields.email),
        Field("displayName", fields.text(200)),
        Field("role", fields.one_of(PartnerRole)),
        _optional("state", fields.one_of(AdministratorState), AdministratorState.ACTIVE.value),
        _optional("assigned", fields.texts, ()),
    ),
    LineKind.SUBSCRIPTIONS: (
        Field("number", _id),
        Field("customer", _id),
        *_PERIOD,
        _optional("termMonths", fields.integer(1, 120), 12),
        Field("autoRenew", fields.boolean),
        _optional("setUp", fields.boolean, True),
        _optional("suspended", fields.boolean, False),
        _optional("cancelledAt", fields.instant),
        Field("licenses", licenses),
    ),
    LineKind.TRIALS: (Field("number", _id), Field("customer", _id), *_PERIOD, Field("licenses", licenses)),
    LineKind.ORDERS: (
        Field("number", _id),
        Field("subscription", _id),
        Field("kind", fields.one_of(OrderKind)),
        Field("placedAt", fields.instant),
        Field("lines", order_lines),
        _optional("amount", amount),
        _optional("currency", currency),
    ),
    LineKind.INVOICES: (
        Field("number", _id),
        Field("subscription", _id),
        Field("state", fields.one_of(InvoiceState)),
        Field("issuedOn", fields.day),
        Field("dueOn", fields.day),
        Field("amount", amount),
        Field("currency", currency),
        _optional("documentUrl", web_address),
    ),
    LineKind.LICENSE_USAGE: (
        Field("entitlement", _id),
        Field("product", product),
        Field("day", fields.day),
        Field("assigned", fields.licenses_count),
        Field("used", fields.licenses_count),
        # Nothing stands in for a total that was not counted: null says the same as absence.
        Field("total", fields.licenses_count, required=False, null_keeps=True),
    ),
    LineKind.RESOURCES: (
        Field("url", web_address),
        Field("title", fields.text(200)),
        Field("summary", fields.text(1_000)),
        Field("kind", fields.one_of(ResourceKind)),
        _optional("quickLink", fields.boolean, False),
        _optional("featured", fields.boolean, False),
        Field("products", products),
        Field("updatedOn", fields.day),
    ),
    # The columns of a report; what it does not tell is absent, and nothing in it clears a fact.
    LineKind.CALLS: (
        Field("Report ID", _id),
        Field("Org UUID", _id),
        _optional("User UUID", _id),
        Field("Start time", instant_in_utc),
        Field("Duration", seconds_text),
        _optional("Client type", _cell),
        _optional("Model", _cell),
        _optional("Related reason", _cell),
        _optional("Redirect reason", _cell),
        _optional("Original reason", _cell),
        _optional("User type", _cell),
        _optional("Call Recording Result", _cell),
    ),
    LineKind.CALL_MEDIA: (
        Field("reportId", _id),
        _optional("packetLossPercent", percent),
        _optional("jitterMs", milliseconds),
        _optional("latencyMs", milliseconds),
    ),
    LineKind.QUEUE_CALLS: (
        Field("id", _id),
        Field("customer", _id),
        Field("queue", _cell),
        Field("offeredAt", fields.instant),
        Field("outcome", fields.one_of(QueueOutcome)),
        Field("waitSeconds", wait_seconds),
    ),
}
_NOT_GIVEN = object()


def read_line(kind: LineKind, delivered: object) -> Line:
    """The line behind a decoded JSON value; LineRefused names the first field that cannot be taken."""
    if type(delivered) is not dict:
        raise wrong_type(None, "an object", delivered)
    values: dict[str, Any] = {}
    for name, parse, is_required, initial, null_keeps in FIELDS[kind]:
        given = delivered.get(name, _NOT_GIVEN)
        if given is _NOT_GIVEN:
            if is_required:
                raise LineRefused(name, "is missing")
        elif given is not None or is_required:
            values[name] = parse(name, given)
        elif not null_keeps:
            values[name] = initial
    _check_together(values)
    return Line(kind, values[FIELDS[kind][0].name], values)


def key_of(kind: LineKind, delivered: object) -> str | None:
    """What a line calls itself, for the refusal of one that could not be read."""
    named = delivered.get(FIELDS[kind][0].name) if isinstance(delivered, dict) else None
    return named[:100] if isinstance(named, str) else None


def _check_together(values: dict[str, Any]) -> None:
    if "endsAt" in values and values["endsAt"] <= values["startsAt"]:
        raise LineRefused("endsAt", "must lie after startsAt")
    if "used" in values:
        refuse_surplus("used", values["used"], values["assigned"])
    if values.get("assigned") and values.get("role", PartnerRole.ADMINISTRATOR) != PartnerRole.ADMINISTRATOR:
        raise LineRefused("assigned", f"is for an ADMINISTRATOR only, and the role is {values['role']}")
