"""Merges an import record into a stored document: which fields change, and what to store as delivered.

A field is applied only where it differs from what was *delivered* before, not from the stored value. So importing a
file again does not undo changes that were made here since. `delivered` holds the values by their delivered names.

Example: a customer was delivered as {"name": "Acme"} and renamed to "Acme Ltd" here. Delivering "Acme" again changes
nothing; delivering "Acme Inc" renames it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.failures import InvalidRecord
from domain.imports.license_merging import merge_delivered, merge_licenses
from domain.imports.records import RECORD_FIELDS, DocumentFields, ImportKind, ImportRecord
from domain.types import AdministratorState, PartnerRole, SubscriptionType

_CAPITAL = re.compile("[A-Z]")
# Merged by rules of their own, or references to other documents.
_SPECIAL = frozenset({"customer", "subscription", "licenses", "assigned"})
_PLAIN = {
    kind: [(f.name, _CAPITAL.sub(lambda c: "_" + c[0].lower(), f.name)) for f in fields if f.name not in _SPECIAL]
    for kind, fields in RECORD_FIELDS.items()
}
_INITIAL = {
    kind: {attribute: f.initial for f in fields for name, attribute in _PLAIN[kind] if name == f.name}
    for kind, fields in RECORD_FIELDS.items()
}
# By delivered names. `termMonths` is no such field: no mutation changes it, and a conversion begins with another term.
_INITIAL_DELIVERED = {
    kind: {f.name: f.initial for f in fields if f.initial is not None and f.name not in {*_SPECIAL, "termMonths"}}
    for kind, fields in RECORD_FIELDS.items()
}
_UNSET: DocumentFields = {
    "renewals": 0,
    "overdue_invoice": None,
    "invoice_state": None,
    "started_by": None,
    "ended_early_at": None,
    "converted_to": None,
}
_TRIAL_FIELDS: DocumentFields = {
    "auto_renew": False,
    "term_months": None,
    "set_up": True,
    "suspended": False,
    "suspended_at": None,
    "cancelled_at": None,
}


class MergeResult(Struct, frozen=True):
    """The fields to set on the document (all fields for a new one), and the delivered values to store.

    `delivered` is None where the record delivers nothing new; then there is nothing to write.
    """

    fields: DocumentFields
    delivered: DocumentFields | None


def merge_customer(document: Mapping[str, Any] | None, record: ImportRecord, now: datetime) -> MergeResult:
    """Merge a customers record; `document` is None for a new customer."""
    merge = _merge_plain_fields(document, record)
    if document is None and merge.fields["created_at"] is None:
        merge.fields["created_at"] = now
    return merge


def merge_entitlement(document: Mapping[str, Any] | None, record: ImportRecord) -> MergeResult:
    """Merge a subscriptions or trials record; InvalidRecord where its licence figures contradict the stored ones."""
    merge = _merge_plain_fields(document, record)
    if merge.delivered is None:
        return merge
    if document is not None and is_final(document):
        return MergeResult({}, merge.delivered)
    delivered_licenses = record.values["licenses"]
    if document is None:
        merged = merge_licenses((), None, delivered_licenses)
        first = {"first_ends_at": merge.fields["ends_at"], "licenses": merged}
        return MergeResult(
            {**_new_entitlement_fields(record), **merge.fields, **_trial_fields(record), **first}, merge.delivered
        )
    before = document.get("delivered") or {}
    merged = merge_licenses(document["licenses"], before.get("licenses"), delivered_licenses)
    delivered = {**merge.delivered, "licenses": merge_delivered(before.get("licenses"), delivered_licenses)}
    if delivered == before:
        return MergeResult({}, None)
    fields = {**merge.fields, **_end_fields(document, before, record)}
    return MergeResult(fields if merged == document["licenses"] else {**fields, "licenses": merged}, delivered)


def is_final(entitlement: Mapping[str, Any]) -> bool:
    """True for a converted trial: it is over permanently. What is delivered for it is stored and changes nothing."""
    return entitlement.get("converted_to") is not None


def merge_administrator(document: Mapping[str, Any] | None, record: ImportRecord) -> MergeResult:
    """Merge an administrators record; `delivered["assigned"]` are the customers that deliveries assign now.

    They depend on the delivered role and state alone. A role that was changed here must not empty them: after another
    change of the role, a repeated record would look new and give the access again. A first delivery never restores an
    administrator that was removed here.
    """
    merge = _merge_plain_fields(document, record)
    before = {} if document is None else document.get("delivered") or {}
    delivered = {**before, **record.values}
    if document is not None and not before and document["state"] == AdministratorState.DEACTIVATED:
        # Invited and removed here before the first delivery: only a later change of the delivered state restores it.
        merge.fields.pop("state", None)
    is_delivered_active = is_assignable({"state": AdministratorState.ACTIVE, **delivered})
    delivered["assigned"] = sorted(delivered.get("assigned", ())) if is_delivered_active else []
    return MergeResult(merge.fields, None if delivered == before else delivered)


def merge_billing_document(document: Mapping[str, Any] | None, record: ImportRecord) -> MergeResult:
    """Merge an orders or invoices record; InvalidRecord for an amount without a currency."""
    merge = _merge_plain_fields(document, record)
    facts = {**(document or {}), **merge.fields}
    if merge.delivered is not None and facts.get("amount") is not None and facts.get("currency") is None:
        raise InvalidRecord("currency", "is missing: an amount needs one")
    return merge


def merge_resource(document: Mapping[str, Any] | None, record: ImportRecord) -> MergeResult:
    """Merge a resources record; `document` is None for a new resource."""
    return _merge_plain_fields(document, record)


def is_assignable(administrator: Mapping[str, Any]) -> bool:
    """True for an ADMINISTRATOR that is not removed; other roles are not assigned to customers."""
    removed = administrator["state"] == AdministratorState.DEACTIVATED
    return bool(administrator["role"] == PartnerRole.ADMINISTRATOR) and not removed


def _merge_plain_fields(document: Mapping[str, Any] | None, record: ImportRecord) -> MergeResult:
    """Merge the fields without rules of their own: set what differs from both the delivered and the stored value."""
    before = {} if document is None else document.get("delivered") or {}
    delivered = {**before, **record.values}
    if document is None:
        values = {attribute: record.values[name] for name, attribute in _PLAIN[record.kind] if name in record.values}
        return MergeResult({**_INITIAL[record.kind], **values}, delivered)
    if delivered == before:
        return MergeResult({}, None)
    # A field that earlier records left out was delivered with its initial value.
    known = {**_INITIAL_DELIVERED[record.kind], **before} if before else {}
    fields = {}
    for name, attribute in _PLAIN[record.kind]:
        if name in record.values and (name not in known or known[name] != record.values[name]):
            value = record.values[name]
            if attribute not in document or document[attribute] != value:
                fields[attribute] = value
    return MergeResult(fields, delivered)


def _new_entitlement_fields(record: ImportRecord) -> DocumentFields:
    kind = SubscriptionType.TRIAL if record.kind is ImportKind.TRIALS else SubscriptionType.SUBSCRIPTION
    return {"kind": str(kind), **_UNSET, "extensions": []}


def _trial_fields(record: ImportRecord) -> Mapping[str, Any]:
    return _TRIAL_FIELDS if record.kind is ImportKind.TRIALS else {}


def _end_fields(document: Mapping[str, Any], before: Mapping[str, Any], record: ImportRecord) -> DocumentFields:
    """Return the fields that a newly delivered end sets: it is the first end, from which renewals are counted."""
    end = record.values["endsAt"]
    if end == before.get("endsAt"):
        return {}
    # Also for an end equal to the stored one: the ordering system has then caught up with a renewal made here.
    fields = {"ends_at": end, "first_ends_at": end, "renewals": 0, "ended_early_at": None}
    return {} if all(document[name] == value for name, value in fields.items()) else fields
