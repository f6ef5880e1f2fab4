"""Writes delivered administrators: each person in a transaction, then their assignments in batches of customers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct

from domain.batches import split_into_batches
from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, is_assignable, merge_administrator
from domain.imports.records import ImportRecord
from domain.text.contacts import fold_email
from domain.text.folding import fold_for_sorting
from domain.types import ActivityKind, AdministratorState, PartnerRole
from store.access.assignment_cleanup import (
    finish_assignment_cleanups,
    is_cleanup_pending,
    request_assignment_cleanup,
)
from store.access.delivered_assignments import (
    PENDING_ASSIGNMENTS,
    AssignmentUpdate,
    build_assignment_update,
    build_pending_assignments,
    write_assignments,
)
from store.changes.customer_batch import BATCH_SIZE
from store.database.client import Document, InsertOne, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.imports.deliveries import RecordResult, UpsertResult

_EVENT_FIELDS = ("email", "display_name", "role", "state")


class _DeliveredAdministrator(Struct):
    """The result of one record, and what is still to be written of the assignments.

    `cleanup_of` is the administrator whose assignments are all to be removed: after the record, or, where `result` is
    None, before it can be delivered.
    """

    result: UpsertResult | None
    assignment_update: AssignmentUpdate | None = None
    cleanup_of: str | None = None


async def deliver_administrators(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert administrators and their assignments; return the results in the order of the records."""
    unknown = await _find_unknown_customers(scope, records)
    results: list[RecordResult] = []
    pending_updates: dict[str, AssignmentUpdate] = {}
    for record in records:
        try:
            missing = [customer for customer in record.values.get("assigned", ()) if customer in unknown]
            if missing:
                raise InvalidRecord("assigned", f"there is no customer {missing[0]!r}")
            if fold_email(record.key) in pending_updates:
                await write_assignments(scope, pending_updates)
            result, update = await _deliver_with_cleanup(scope, record, deadline)
            if update is not None:
                pending_updates[fold_email(record.key)] = update
            results.append(result)
        except InvalidRecord as rejected:
            results.append(rejected)
    await write_assignments(scope, pending_updates)
    return results


async def _deliver_with_cleanup(
    scope: Scope, record: ImportRecord, deadline: float
) -> tuple[UpsertResult, AssignmentUpdate | None]:
    while True:
        deliver = partial(_deliver_administrator, scope, record)
        delivered = await in_transaction(scope.client, deliver, deadline=deadline)
        if delivered.cleanup_of is not None:
            await finish_assignment_cleanups(scope, delivered.cleanup_of)
        if delivered.result is not None:
            return delivered.result, delivered.assignment_update


async def _find_unknown_customers(scope: Scope, records: Iterable[ImportRecord]) -> set[str]:
    named = sorted({customer for record in records for customer in record.values.get("assigned", ())})
    unknown = set(named)
    for external_ids in split_into_batches(named, BATCH_SIZE * 10):
        where = {**scope.match(), "external_id": {"$in": list(external_ids)}}
        customers = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        unknown -= {customer["external_id"] for customer in customers}
    return unknown


async def _deliver_administrator(scope: Scope, record: ImportRecord, session: Session) -> _DeliveredAdministrator:
    where = {**scope.match(), "email_folded": fold_email(record.key)}
    document = await scope.collection("administrators").find_one(where, session=session)
    merge = merge_administrator(document, record)
    if merge.delivered is None and not (document or {}).get(PENDING_ASSIGNMENTS):
        return _DeliveredAdministrator(UpsertResult.UNCHANGED)
    now = utc_now()
    after = _build_document(scope, document, merge, now)
    was_assignable = document is not None and is_assignable(document)
    gains_access, loses_access = (
        is_assignable(after) and not was_assignable,
        was_assignable and not is_assignable(after),
    )
    if gains_access and await is_cleanup_pending(scope, after["_id"], session):
        return _DeliveredAdministrator(None, cleanup_of=after["_id"])
    if document is not None and _is_active_full_administrator(document) and not _is_active_full_administrator(after):
        await _require_another_full_administrator(scope, document, merge, session)
    changes = _compare_event_fields(document, after)
    if document is None or changes:
        after.update(version=after["version"] + 1, updated_at=now)
    await _write_administrator(scope, document, after, changes, session)
    if loses_access:
        await request_assignment_cleanup(scope, after, session)
    update, cleanup_of = build_assignment_update(after), after["_id"] if loses_access else None
    if document is None:
        return _DeliveredAdministrator(UpsertResult.ADDED, update)
    return _DeliveredAdministrator(
        UpsertResult.CHANGED if changes or update else UpsertResult.UNCHANGED, update, cleanup_of
    )


def _build_document(scope: Scope, document: Document | None, merge: MergeResult, now: datetime) -> Document:
    identity = document or {
        "_id": new_id("adm"),
        "partner_id": scope.partner_id,
        "version": 0,
        "created_at": now,
        "last_sign_in_at": None,
        "delivered": {},
    }
    after = {**identity, **merge.fields}
    if merge.delivered is not None:
        after["delivered"] = merge.delivered
    if _is_given_access(document, after):
        after["invited_at"] = now
    after["email_folded"] = fold_email(after["email"])
    after["name_folded"] = fold_for_sorting(after["display_name"])
    # The assignments follow in later transactions. Until then the pending list makes a repeated record write them.
    after.pop(PENDING_ASSIGNMENTS, None)
    pending = build_pending_assignments(document, after)
    return after if pending is None else {**after, PENDING_ASSIGNMENTS: pending}


def _is_given_access(document: Document | None, after: Document) -> bool:
    """Return whether the record adds the administrator, invites them, or gives back the access of a removed one."""
    if document is None:
        return True
    is_invited = after["state"] == AdministratorState.INVITED or document["state"] == AdministratorState.DEACTIVATED
    return bool(after["state"] != document["state"] and is_invited)


def _is_active_full_administrator(administrator: Document) -> bool:
    is_full = administrator["role"] == PartnerRole.FULL_ADMINISTRATOR
    return bool(is_full and administrator["state"] == AdministratorState.ACTIVE)


async def _require_another_full_administrator(
    scope: Scope, document: Document, merge: MergeResult, session: Session
) -> None:
    """Raise InvalidRecord where this was the last active FULL_ADMINISTRATOR.

    The counter on the partner's document makes two transactions conflict that each remove one of the last two.
    """
    full = {"role": str(PartnerRole.FULL_ADMINISTRATOR), "state": str(AdministratorState.ACTIVE)}
    where = {**scope.match(), **full, "_id": {"$ne": document["_id"]}}
    if await scope.collection("administrators").find_one(where, {"_id": 1}, session=session) is None:
        field = "role" if "role" in merge.fields else "state"
        raise InvalidRecord(field, "would leave the partner without an active FULL_ADMINISTRATOR")
    guard = {"$inc": {"full_administrators_guard": 1}}
    await scope.collection("partners").update_one(scope.match(), guard, session=session)


def _compare_event_fields(document: Document | None, after: Document) -> dict[str, list[str]]:
    if document is None:
        return {}
    return {name: [document[name], after[name]] for name in _EVENT_FIELDS if document[name] != after[name]}


async def _write_administrator(
    scope: Scope, document: Document | None, after: Document, changes: dict[str, list[str]], session: Session
) -> None:
    replacement = ReplaceOne({**scope.match(), "_id": after["_id"]}, after)
    write = InsertOne(after) if document is None else replacement
    await scope.collection("administrators").bulk_write([write], session=session)
    if document is None or changes:
        shared = {**NO_CUSTOMER, "actor_id": None}
        event = event_document(
            scope.partner_id, after["updated_at"], shared, _draft_event(document is None, after, changes)
        )
        await scope.collection("events").insert_many([event], session=session)


def _draft_event(is_new: bool, after: Document, changes: dict[str, list[str]]) -> EventDraft:
    name, id_ = after["display_name"], after["_id"]
    if is_new:
        return EventDraft(ActivityKind.ADMINISTRATOR_INVITED, id_, f"{name} was added as {after['role']}")
    if "state" in changes and after["state"] == AdministratorState.DEACTIVATED:
        return EventDraft(ActivityKind.ADMINISTRATOR_REMOVED, id_, f"{name} was removed", changes)
    listed = ", ".join(field.replace("_", " ") for field in changes)
    return EventDraft(ActivityKind.ADMINISTRATOR_CHANGED, id_, f"{name} changed: {listed}", changes)
