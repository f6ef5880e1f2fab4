"""What a delivered line changes: pure merges of a stored document, what was delivered before, and the new line.

A field is applied only where it differs from what was *delivered* before, so repeating a file undoes
nothing that happened here since. `delivered` holds the values by their delivered names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.entitlements.lifecycle import effective_end, entitlement_from_document
from domain.failures import InvalidRecord
from domain.imports.license_merging import Facts, merge_delivered, merge_licenses
from domain.imports.records import RECORD_FIELDS, ImportKind, ImportRecord
from domain.types import AdministratorState, PartnerRole, SubscriptionType

_CAPITAL = re.compile("[A-Z]")
# What is merged by a rule of its own, or is the document's place and not a fact of it.
_SPECIAL = frozenset({"customer", "subscription", "licenses", "assigned"})
_PLAIN = {
    kind: [(f.name, _CAPITAL.sub(lambda c: "_" + c[0].lower(), f.name)) for f in fields if f.name not in _SPECIAL]
    for kind, fields in RECORD_FIELDS.items()
}
_INITIAL = {
    kind: {attribute: f.initial for f in fields for name, attribute in _PLAIN[kind] if name == f.name}
    for kind, fields in RECORD_FIELDS.items()
}
_TRIAL_FACTS: Facts = {
    "auto_renew": False,
    "term_months": None,
    "set_up": True,
    "suspended": False,
    "cancelled_at": None,
}


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a line does: `fields` to be written (for a new document all of them) and the line to remember.

    `delivered` is None where nothing new was delivered; then nothing is to be written either.
    """

    fields: Facts
    delivered: Facts | None


def apply_customer(document: Mapping[str, Any] | None, line: ImportRecord, now: datetime) -> MergeResult:
    """A customers line on a customer; None stands for one that is not there yet."""
    merge = _plain(document, line)
    if document is None and merge.fields["created_at"] is None:
        merge.fields["created_at"] = now
    return merge


def apply_entitlement(document: Mapping[str, Any] | None, line: ImportRecord, now: datetime) -> MergeResult:
    """A subscriptions or trials line on its entitlement; InvalidRecord where the figures do not go together."""
    merge = _plain(document, line)
    if merge.delivered is None:
        return merge
    given = line.values["licenses"]
    if document is None:
        merged = merge_licenses((), None, given)
        first = {"first_ends_at": merge.fields["ends_at"], "licenses": merged}
        return MergeResult({**_new_entitlement(line), **merge.fields, **_fixed(line), **first}, merge.delivered)
    before = document.get("delivered") or {}
    merged = merge_licenses(document["licenses"], before.get("licenses"), given)
    delivered = {**merge.delivered, "licenses": merge_delivered(before.get("licenses"), given)}
    if delivered == before:
        return MergeResult({}, None)
    fields = {**merge.fields, **_end_fields(document, before, line, merge.fields, now)}
    return MergeResult(fields if merged == document["licenses"] else {**fields, "licenses": merged}, delivered)


def apply_administrator(document: Mapping[str, Any] | None, line: ImportRecord) -> MergeResult:
    """An administrators line, but for the assignments themselves: their list stands in `delivered["assigned"]`."""
    merge = _plain(document, line)
    facts = {**(document or {}), **merge.fields}
    before = {} if document is None else document.get("delivered") or {}
    assigned = list(line.values.get("assigned", before.get("assigned", ()))) if is_assignable(facts) else []
    delivered = {**before, **line.values, "assigned": sorted(assigned)}
    return MergeResult(merge.fields, None if delivered == before else delivered)


def apply_billing_document(document: Mapping[str, Any] | None, line: ImportRecord) -> MergeResult:
    """An orders or invoices line on its order or invoice; InvalidRecord for an amount of no currency."""
    merge = _plain(document, line)
    facts = {**(document or {}), **merge.fields}
    if merge.delivered is not None and facts.get("amount") is not None and facts.get("currency") is None:
        raise InvalidRecord("currency", "is missing: an amount needs one")
    return merge


def apply_resource(document: Mapping[str, Any] | None, line: ImportRecord) -> MergeResult:
    """A resources line on a resource; None stands for one that is not there yet."""
    return _plain(document, line)


def is_assignable(administrator: Mapping[str, Any]) -> bool:
    """Only ADMINISTRATORs who have not been removed are assigned to customers."""
    removed = administrator["state"] == AdministratorState.DEACTIVATED
    return bool(administrator["role"] == PartnerRole.ADMINISTRATOR) and not removed


def _plain(document: Mapping[str, Any] | None, line: ImportRecord) -> MergeResult:
    """The plain fields: those that differ from the delivered ones, as far as they also differ from the facts."""
    before = {} if document is None else document.get("delivered") or {}
    delivered = {**before, **line.values}
    if document is None:
        given = {attribute: line.values[name] for name, attribute in _PLAIN[line.kind] if name in line.values}
        return MergeResult({**_INITIAL[line.kind], **given}, delivered)
    if delivered == before:
        return MergeResult({}, None)
    fields = {}
    for name, attribute in _PLAIN[line.kind]:
        if name in line.values and (name not in before or before[name] != line.values[name]):
            value = line.values[name]
            if attribute not in document or document[attribute] != value:
                fields[attribute] = value
    return MergeResult(fields, delivered)


def _new_entitlement(line: ImportRecord) -> Facts:
    kind = SubscriptionType.TRIAL if line.kind is ImportKind.TRIALS else SubscriptionType.SUBSCRIPTION
    unset = {"renewals": 0, "extensions": [], "started_by": None, "ended_early_at": None, "converted_to": None}
    return {"kind": str(kind), **unset}


def _fixed(line: ImportRecord) -> Mapping[str, Any]:
    return _TRIAL_FACTS if line.kind is ImportKind.TRIALS else {}


def _end_fields(
    document: Mapping[str, Any], before: Mapping[str, Any], line: ImportRecord, fields: Mapping[str, Any], now: datetime
) -> Facts:
    """A delivered end is the first end from now on; what no longer renews by itself keeps the end it has reached."""
    end = line.values["endsAt"]
    if end != before.get("endsAt"):
        # Also where it is the end that stands there already: the ordering system has caught up with a renewal of ours.
        fields = {"ends_at": end, "first_ends_at": end, "ended_early_at": None}
        stands = not document.get("renewals") and all(document.get(name) == value for name, value in fields.items())
        return {} if stands else fields
    if fields.get("auto_renew") is not False:
        return {}
    reached = effective_end(entitlement_from_document(document), now)
    return {} if reached == document["first_ends_at"] else {"ends_at": reached, "first_ends_at": reached}
