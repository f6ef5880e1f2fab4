"""Merges one batch of delivered orders or invoices: upserts by number, each with one event of its customer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, merge_billing_document
from domain.imports.records import ImportRecord
from domain.types import SubscriptionType
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.database.client import Document, InsertOne, ReplaceOne
from store.database.ids import new_id
from store.events.log import EventDraft
from store.imports.deliveries import RecordResult, UpsertResult

Changes = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class BillingDocumentKind:
    """How orders differ from invoices: collection, id prefix, name in summaries, and the fields that events list."""

    collection: str
    prefix: str
    name: str
    event_fields: tuple[str, ...]


class BillingDocumentMerger(ABC):
    """Reads the stored documents of one transaction, merges the records into them, and writes the result."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        self.batch = batch
        self.customer_changes = {number: change for change in batch.changes for number in change.entitlements}
        self.stored: dict[str, Document] = {}
        self.written: dict[str, Document] = {}
        self._kind = kind
        self._collection = batch.scope.collection(kind.collection)
        self._subscription_numbers: dict[str, str] = {}

    async def read(self, records: Sequence[ImportRecord]) -> None:
        """Load the stored documents with the numbers of the records."""
        where = {**self.batch.scope.match(), "number": {"$in": sorted({record.key for record in records})}}
        for document in await self._collection.find(where, session=self.batch.session):
            self.stored[document["number"]] = document

    def merge_record(self, record: ImportRecord) -> RecordResult:
        """Merge one record into what the records before it left."""
        try:
            return self._merge_or_raise(record)
        except InvalidRecord as rejected:
            return rejected

    def _merge_or_raise(self, record: ImportRecord) -> UpsertResult:
        subscription = self._find_subscription(record)
        before = self.find_before(record, subscription)
        if before is not None and before["entitlement_id"] != subscription["_id"]:
            raise InvalidRecord("number", f"is taken by an {self._kind.name.lower()} of another subscription")
        merge = merge_billing_document(before, record)
        if merge.delivered is None:
            return UpsertResult.UNCHANGED
        self._subscription_numbers[record.key] = subscription["number"]
        self.written[record.key] = self._build_document(before, subscription, merge)
        if before is None:
            return UpsertResult.ADDED
        return UpsertResult.CHANGED if merge.fields else UpsertResult.UNCHANGED

    def find_before(self, record: ImportRecord, _subscription: Document) -> Document | None:
        """Return the document that the record is merged into; None for a new one."""
        return self.written.get(record.key) or self.stored.get(record.key)

    def _find_subscription(self, record: ImportRecord) -> Document:
        number = record.values["subscription"]
        change = self.customer_changes.get(number)
        if change is None or change.entitlements[number]["kind"] != SubscriptionType.SUBSCRIPTION:
            raise InvalidRecord("subscription", f"there is no subscription {number!r}")
        return change.entitlements[number]

    def _build_document(self, before: Document | None, subscription: Document, merge: MergeResult) -> Document:
        now = self.batch.now
        identity = before or {
            "_id": new_id(self._kind.prefix),
            "partner_id": self.batch.scope.partner_id,
            "version": 0,
            "created_at": now,
            "updated_at": now,
            "entitlement_id": subscription["_id"],
            "customer_id": subscription["customer_id"],
        }
        return {**identity, **merge.fields, "by_system": False, "delivered": merge.delivered}

    async def write(self) -> None:
        """Write the documents, and an event for each one whose visible fields changed."""
        for number, document in self.written.items():
            before = self.stored.get(number)
            changes = self._compare_event_fields(before, document)
            if before is None or changes:
                document.update(version=document["version"] + 1, updated_at=self.batch.now)
                self._add_event(before, document, changes)
        match = self.batch.scope.match()
        writes = [
            ReplaceOne({**match, "_id": document["_id"]}, document) if number in self.stored else InsertOne(document)
            for number, document in self.written.items()
        ]
        await self._collection.bulk_write(writes, session=self.batch.session)

    def _compare_event_fields(self, before: Document | None, document: Document) -> Changes:
        if before is None:
            return {}
        names = [name for name in self._kind.event_fields if before.get(name) != document[name]]
        return {name: [before.get(name), document[name]] for name in names}

    def _add_event(self, before: Document | None, document: Document, changes: Changes) -> None:
        change = self.find_customer_change(document)
        number = self._subscription_numbers[document["number"]]
        title = f"{self._kind.name} {document['number']} of subscription {number} of {change.customer['name']}"
        self.add_customer_event(change, self.draft_event(before, document, changes, title))

    @staticmethod
    def add_customer_event(change: CustomerChange, draft: EventDraft) -> None:
        """Add an event of the customer that changes none of its fields."""
        # The customer's version must increase, because clients use it as a cache key.
        change.update_customer({})
        change.add_event(draft)

    def find_customer_change(self, document: Document) -> CustomerChange:
        """Return the change of the customer that the document belongs to."""
        return self.customer_changes[self._subscription_numbers[document["number"]]]

    @abstractmethod
    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """Draft the event of a new document (`before` is None) or of a changed one."""
