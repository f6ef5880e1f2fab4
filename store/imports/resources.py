"""Writes batches of delivered resources, one transaction per batch. Resources are documentation: no events."""

from collections.abc import Sequence
from functools import partial

from domain.imports.merging import MergeResult, merge_resource
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


async def deliver_resources(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert resources by their address; return the results in the order of the records."""
    return await in_transaction(scope.client, partial(_deliver, scope, records), deadline=deadline)


async def _deliver(scope: Scope, records: Sequence[ImportRecord], session: Session) -> list[RecordResult]:
    where = {**scope.match(), "url": {"$in": sorted({record.key for record in records})}}
    stored = {document["url"]: document for document in await scope.collection(COLLECTION).find(where, session=session)}
    documents = dict(stored)
    results: list[RecordResult] = []
    for record in records:
        merge = merge_resource(documents.get(record.key), record)
        results.append(_result_of(documents.get(record.key), merge))
        if merge.delivered is not None:
            documents[record.key] = _build_document(scope, documents.get(record.key), merge)
    writes = [
        ReplaceOne({**scope.match(), "_id": document["_id"]}, document) if url in stored else InsertOne(document)
        for url, document in documents.items()
        if document is not stored.get(url)
    ]
    await scope.collection(COLLECTION).bulk_write(writes, session=session)
    return results


def _result_of(document: Document | None, merge: MergeResult) -> UpsertResult:
    if document is None:
        return UpsertResult.ADDED
    return UpsertResult.CHANGED if merge.fields else UpsertResult.UNCHANGED


def _build_document(scope: Scope, document: Document | None, merge: MergeResult) -> Document:
    """Return the document after the record; its version increases only with a changed field."""
    now = utc_now()
    before = document or {"_id": new_id("res"), **scope.match(), "version": 0, "created_at": now, "updated_at": now}
    after = {**before, **merge.fields, "delivered": merge.delivered}
    if merge.fields:
        after.update(version=after["version"] + 1, updated_at=now)
    after["title_folded"] = fold_for_sorting(after["title"])
    after["words"] = resource_words(after["title"], after["summary"])
    return after
