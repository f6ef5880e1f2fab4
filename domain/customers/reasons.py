"""The reason of a status: a code with arguments, stored with the status. reason_sentences.py makes a sentence of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.customers.statuses import CustomerFacts
from domain.entitlements.lifecycle import Entitlement, effective_end, is_trial, renews
from domain.text.sentences import join_names
from domain.types import CustomerStatus, Product, SubscriptionType

PRODUCT_NAMES = {
    Product.MEETINGS: "Meetings",
    Product.CALLING: "Calling",
    Product.MESSAGING: "Messaging",
    Product.REAL_TIME_TRANSLATIONS: "Real-time Translations",
    Product.WEBINARS: "Webinars",
    Product.EVENTS: "Events",
    Product.CONTACT_CENTER: "Contact Center",
    Product.DEVICES: "Devices",
    Product.OTHER: "Other",
}


class StatusReasonCode(StrEnum):
    """The kinds of reasons; the comment of each names its arguments."""

    SUSPENDED = "SUSPENDED"  # type, number, others; invoice where one is overdue
    LICENSES_EXCEEDED = "LICENSES_EXCEEDED"  # type, number, product, name, assigned, ordered, others
    EXPIRES = "EXPIRES"  # type, number, on, others
    RENEWS = "RENEWS"  # type, number, on, others
    EXPIRED = "EXPIRED"  # type, number, on
    CANCELLED = "CANCELLED"  # type, number, on
    READY_FOR_SETUP = "READY_FOR_SETUP"  # type, number, others
    NO_SIGN_IN_SINCE = "NO_SIGN_IN_SINCE"  # on: the last sign-in
    NEVER_SIGNED_IN = "NEVER_SIGNED_IN"  # on: the creation of the customer


class StatusReason(Struct, frozen=True):
    """Why a status holds. An argument that the code does not have is None.

    `type` and `number` are those of the entitlement that the reason names; `others` is the number of further
    entitlements that the status rests on. `on` is a date in UTC. `invoice` is the number of the oldest invoice of the
    subscription that is OVERDUE. `product` and `name` are those of a
    licence line.
    """

    code: StatusReasonCode
    type: SubscriptionType | None = None
    number: str | None = None
    on: date | None = None
    product: Product | None = None
    name: str | None = None
    assigned: int | None = None
    ordered: int | None = None
    others: int | None = None
    invoice: str | None = None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "code": StatusReasonCode,
    "type": SubscriptionType,
    "product": Product,
    "on": datetime.date,
}
_FIELDS = StatusReason.__struct_fields__


def find_reason(
    status: CustomerStatus, basis: Sequence[Entitlement], facts: CustomerFacts, now: datetime
) -> StatusReason:
    """Return the reason that names the first entitlement of the basis. Sort the basis by `sort_by_end` before."""
    if status is CustomerStatus.NO_RECENT_ACTIVITY:
        return _inactivity(facts)
    named = basis[0]
    type_ = SubscriptionType.TRIAL if is_trial(named) else SubscriptionType.SUBSCRIPTION
    return replace(_entitlement_reason(status, named, now), type=type_, number=named.number, others=len(basis) - 1)


def sort_by_end(basis: Sequence[Entitlement], now: datetime) -> list[Entitlement]:
    """Return the entitlements with the soonest end first, then by number."""
    return sorted(basis, key=lambda e: (effective_end(e, now), e.number)) if len(basis) > 1 else list(basis)


def _inactivity(facts: CustomerFacts) -> StatusReason:
    if facts.last_sign_in_at is None:
        return StatusReason(StatusReasonCode.NEVER_SIGNED_IN, on=facts.created_at.date())
    return StatusReason(StatusReasonCode.NO_SIGN_IN_SINCE, on=facts.last_sign_in_at.date())


def _entitlement_reason(status: CustomerStatus, entitlement: Entitlement, now: datetime) -> StatusReason:
    match status:
        case CustomerStatus.SUSPENDED:
            return StatusReason(StatusReasonCode.SUSPENDED, invoice=entitlement.overdue_invoice)
        case CustomerStatus.LICENSE_OVERAGE:
            worst = max(entitlement.licenses, key=lambda line: line.assigned - line.total)
            code, name = StatusReasonCode.LICENSES_EXCEEDED, worst.name
            return StatusReason(code, product=worst.product, name=name, assigned=worst.assigned, ordered=worst.total)
        case CustomerStatus.EXPIRED:
            end = effective_end(entitlement, now)
            code = StatusReasonCode.CANCELLED if end == entitlement.cancelled_at else StatusReasonCode.EXPIRED
            return StatusReason(code, on=end.date())
        case CustomerStatus.READY_FOR_ORDER_SETUP:
            return StatusReason(StatusReasonCode.READY_FOR_SETUP)
        case _:
            code = StatusReasonCode.RENEWS if renews(entitlement) else StatusReasonCode.EXPIRES
            return StatusReason(code, on=effective_end(entitlement, now).date())


def reason_to_document(reason: StatusReason) -> dict[str, Any]:
    """Return the stored form: enums by name, the date as its first instant, no absent arguments."""
    values = ((name, getattr(reason, name)) for name in _FIELDS)
    return {name: _to_stored(value) for name, value in values if value is not None}


def reason_from_document(document: Mapping[str, Any]) -> StatusReason:
    """Return the reason of its stored form."""
    return StatusReason(**{name: _READERS.get(name, _unchanged)(value) for name, value in document.items()})


def _to_stored(value: Any) -> Any:
    if isinstance(value, date):
        return datetime.combine(value, time())
    return str(value) if isinstance(value, StrEnum) else value


def _unchanged(value: Any) -> Any:
    return value


def join_product_names(products: Iterable[str]) -> str:
    """Return product names for a sentence: `Meetings, Calling and Messaging`."""
    return join_names(PRODUCT_NAMES[Product(product)] for product in products)


def license_label(product: str, name: str | None) -> str:
    """Return a licence line for a sentence: `Calling`, `Calling Professional`, or the name alone for OTHER."""
    if name is None:
        return PRODUCT_NAMES[Product(product)]
    return name if product == Product.OTHER else f"{PRODUCT_NAMES[Product(product)]} {name}"


def entitlement_label(entitlement: Entitlement) -> str:
    """Return `Trial TRI-7` or `Subscription SUB-1042`."""
    return f"{'Trial' if is_trial(entitlement) else 'Subscription'} {entitlement.number}"
