"""One slice of delivered orders or invoices: each an upsert by its number, told once, as a change of its customer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, apply_billing_document
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
    """What tells orders from invoices: where they are kept, the prefix of their ids, and what the log shows of them."""

    collection: str
    prefix: str
    name: str
    event_fields: tuple[str, ...]


class BillingDocumentMerger(ABC):
    """The papers of one transaction: what is there, and what the lines make of it."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        self.batch = batch
        self.works = {number: work for work in batch.changes for number in work.entitlements}
        self.stored: dict[str, Document] = {}
        self.written: dict[str, Document] = {}
        self._kind = kind
        self._collection = batch.scope.collection(kind.collection)
        self._subscription_numbers: dict[str, str] = {}

    async def read(self, lines: Sequence[ImportRecord]) -> None:
        """Loads what is there under the lines' numbers."""
        where = {**self.batch.scope.match(), "number": {"$in": sorted({line.key for line in lines})}}
        for found in await self._collection.find(where, session=self.batch.session):
            self.stored[found["number"]] = found

    def merge_record(self, line: ImportRecord) -> RecordResult:
        """Merges one line into what the lines before it left."""
        try:
            return self._merge_or_raise(line)
        except InvalidRecord as refused:
            return refused

    def _merge_or_raise(self, line: ImportRecord) -> UpsertResult:
        subscription = self._find_subscription(line)
        held = self.written.get(line.key) or self.stored.get(line.key)
        if held is not None and held["entitlement_id"] != subscription["_id"]:
            raise InvalidRecord("number", f"is taken by an {self._kind.name.lower()} of another subscription")
        merge = apply_billing_document(held, line)
        if merge.delivered is None:
            return UpsertResult.UNCHANGED
        self._subscription_numbers[line.key] = subscription["number"]
        self.written[line.key] = self._build_document(held, subscription, merge)
        if held is None:
            return UpsertResult.ADDED
        return UpsertResult.CHANGED if merge.fields else UpsertResult.UNCHANGED

    def _find_subscription(self, line: ImportRecord) -> Document:
        number = line.values["subscription"]
        work = self.works.get(number)
        if work is None or work.entitlements[number]["kind"] != SubscriptionType.SUBSCRIPTION:
            raise InvalidRecord("subscription", f"there is no subscription {number!r}")
        return work.entitlements[number]

    def _build_document(self, held: Document | None, subscription: Document, merge: MergeResult) -> Document:
        now = self.batch.now
        identity = held or {
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
        """Writes the papers, and tells of those that changed; one that was only delivered otherwise changes nothing."""
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
        work = self.find_customer_change(document)
        # Nothing of the customer's own document changes but its version, which clients take for a cache key.
        work.update_customer({})
        number = self._subscription_numbers[document["number"]]
        title = f"{self._kind.name} {document['number']} of subscription {number} of {work.customer['name']}"
        work.add_event(self.draft_event(before, document, changes, title))

    def find_customer_change(self, document: Document) -> CustomerChange:
        """The customer whose document it is."""
        return self.works[self._subscription_numbers[document["number"]]]

    @abstractmethod
    def draft_event(self, before: Document | None, document: Document, changes: Changes, title: str) -> EventDraft:
        """What the log tells of a new or changed document."""
