"""Writes delivered administrators: each person in a transaction, then the assignments by slices of customers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, apply_administrator, is_assignable
from domain.imports.records import ImportRecord
from domain.text.folding import fold_for_sorting
from domain.types import ActivityKind, AdministratorState, PartnerRole
from store.access.delivered_assignments import AssignmentUpdate, write_assignments
from store.changes.customer_batch import BATCH_SIZE
from store.database.client import Document, InsertOne, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import EventDraft, event_document
from store.imports.deliveries import RecordResult, UpsertResult
from store.tenants.administrators import fold_email

_EVENT_FIELDS = ("email", "display_name", "role", "state")


@dataclass(slots=True)
class _AdministratorResult:
    """What one line did, and the assignments that are still to be written for it."""

    result: UpsertResult
    assignment_update: AssignmentUpdate | None = None


async def deliver_administrators(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts administrators and their assignments; the outcomes stand in the lines' order."""
    unknown = await _find_unknown_customers(scope, lines)
    outcomes: list[RecordResult] = []
    waiting: dict[str, AssignmentUpdate] = {}
    for line in lines:
        try:
            missing = [customer for customer in line.values.get("assigned", ()) if customer in unknown]
            if missing:
                raise InvalidRecord("assigned", f"there is no customer {missing[0]!r}")
            if fold_email(line.key) in waiting:
                await write_assignments(scope, waiting)
            delivered = await in_transaction(
                scope.client, partial(_deliver_administrator, scope, line), deadline=deadline
            )
            if delivered.assignment_update is not None:
                waiting[fold_email(line.key)] = delivered.assignment_update
            outcomes.append(delivered.result)
        except InvalidRecord as refused:
            outcomes.append(refused)
    await write_assignments(scope, waiting)
    return outcomes


async def _find_unknown_customers(scope: Scope, lines: Iterable[ImportRecord]) -> set[str]:
    named = sorted({customer for line in lines for customer in line.values.get("assigned", ())})
    unknown = set(named)
    for start in range(0, len(named), BATCH_SIZE * 10):
        where = {**scope.match(), "external_id": {"$in": named[start : start + BATCH_SIZE * 10]}}
        found = await scope.collection("customers").find(where, {"_id": 0, "external_id": 1})
        unknown -= {customer["external_id"] for customer in found}
    return unknown


async def _deliver_administrator(scope: Scope, line: ImportRecord, session: Session) -> _AdministratorResult:
    where = {**scope.match(), "email_folded": fold_email(line.key)}
    document = await scope.collection("administrators").find_one(where, session=session)
    merge = apply_administrator(document, line)
    if merge.delivered is None and not (document or {}).get("assignments_pending"):
        return _AdministratorResult(UpsertResult.UNCHANGED)
    now = utc_now()
    after = _build_document(scope, document, merge, now)
    if document is not None and _is_active_full_administrator(document) and not _is_active_full_administrator(after):
        await _require_another_full_administrator(scope, document, merge, session)
    changes = _compare_event_fields(document, after)
    if document is None or changes:
        after.update(version=after["version"] + 1, updated_at=now)
    await _write_administrator(scope, document, after, changes, session)
    assignment_update = _assignment_update(after)
    if document is None:
        return _AdministratorResult(UpsertResult.ADDED, assignment_update)
    return _AdministratorResult(
        UpsertResult.CHANGED if changes or assignment_update else UpsertResult.UNCHANGED, assignment_update
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
    after["email_folded"] = fold_email(after["email"])
    after["name_folded"] = fold_for_sorting(after["display_name"])
    # The assignments follow in transactions of their own; until then a repeated line must find that they are missing.
    after["assignments_pending"] = bool(identity.get("assignments_pending")) or _has_assignment_changes(document, after)
    return after


def _has_assignment_changes(document: Document | None, after: Document) -> bool:
    before = [] if document is None else document["delivered"].get("assigned", [])
    loses_all = document is not None and is_assignable(document) and not is_assignable(after)
    return bool(loses_all or before != after["delivered"].get("assigned", []))


def _assignment_update(after: Document) -> AssignmentUpdate | None:
    if not after["assignments_pending"]:
        return None
    wanted = frozenset(after["delivered"].get("assigned", []))
    return AssignmentUpdate(after["_id"], after["display_name"], wanted, keeps_manual=is_assignable(after))


def _is_active_full_administrator(administrator: Document) -> bool:
    is_full = administrator["role"] == PartnerRole.FULL_ADMINISTRATOR
    return bool(is_full and administrator["state"] == AdministratorState.ACTIVE)


async def _require_another_full_administrator(
    scope: Scope, document: Document, merge: MergeResult, session: Session
) -> None:
    """Refuses to take the last active FULL_ADMINISTRATOR; two who leave at once meet on the partner's document."""
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
    replacing = ReplaceOne({**scope.match(), "_id": after["_id"]}, after)
    write = InsertOne(after) if document is None else replacing
    await scope.collection("administrators").bulk_write([write], session=session)
    if document is None or changes:
        shared = {"customer_id": None, "actor_id": None, "facts_before": None, "facts_after": None}
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
