"""Writes slices of delivered resources: each slice is one transaction. They are reading matter: no event tells."""

from collections.abc import Sequence
from functools import partial

from domain.imports.merging import MergeResult, apply_resource
from domain.imports.records import ImportRecord
from domain.partner.resources import resource_words
from domain.text.folding import fold_for_sorting
from store.database.client import Document, InsertOne, ReplaceOne, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.imports.deliveries import RecordResult, UpsertResult
from store.organization.resources import COLLECTION


async def deliver_resources(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts resources by their address; the outcomes stand in the lines' order."""
    return await in_transaction(scope.client, partial(_deliver, scope, lines), deadline=deadline)


async def _deliver(scope: Scope, lines: Sequence[ImportRecord], session: Session) -> list[RecordResult]:
    where = {**scope.match(), "url": {"$in": sorted({line.key for line in lines})}}
    stored = {one["url"]: one for one in await scope.collection(COLLECTION).find(where, session=session)}
    documents = dict(stored)
    outcomes: list[RecordResult] = []
    for line in lines:
        merge = apply_resource(documents.get(line.key), line)
        outcomes.append(_result_of(documents.get(line.key), merge))
        if merge.delivered is not None:
            documents[line.key] = _build_document(scope, documents.get(line.key), merge)
    changed = [(url, one) for url, one in documents.items() if one is not stored.get(url)]
    writes = [
        ReplaceOne({**scope.match(), "_id": one["_id"]}, one) if url in stored else InsertOne(one)
        for url, one in changed
    ]
    await scope.collection(COLLECTION).bulk_write(writes, session=session)
    return outcomes


def _result_of(document: Document | None, merge: MergeResult) -> UpsertResult:
    if document is None:
        return UpsertResult.ADDED
    return UpsertResult.CHANGED if merge.fields else UpsertResult.UNCHANGED


def _build_document(scope: Scope, document: Document | None, merge: MergeResult) -> Document:
    """The whole document; what was only delivered in another form makes no new version."""
    now = utc_now()
    before = document or {"_id": new_id("res"), **scope.match(), "version": 0, "created_at": now, "updated_at": now}
    after = {**before, **merge.fields, "delivered": merge.delivered}
    if merge.fields:
        after.update(version=after["version"] + 1, updated_at=now)
    after["title_folded"] = fold_for_sorting(after["title"])
    after["words"] = resource_words(after["title"], after["summary"])
    return after
