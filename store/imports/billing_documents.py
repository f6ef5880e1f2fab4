"""Merges one batch of delivered orders or invoices: upserts by number, each with one event of its customer."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from domain.failures import InvalidRecord
from domain.imports.merging import MergeResult, merge_billing_document
from domain.imports.records import ImportRecord
from domain.types import ActivityKind, SubscriptionType
from store.changes.customer_batch import CustomerBatch, load_more_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document, InsertOne, ReplaceOne
from store.database.ids import new_id
from store.events.log import EventDraft
from store.imports.deliveries import RecordMerger, UpsertResult
from store.imports.owners import load_owners

Changes = Mapping[str, Sequence[Any]]


class BillingDocumentKind(Struct, frozen=True):
    """How orders differ from invoices.

    They have another collection, id prefix and name in summaries; events list other fields, and a move to another
    customer is another kind of event.
    """

    collection: str
    prefix: str
    name: str
    event_fields: tuple[str, ...]
    moved: ActivityKind


class BillingDocumentMerger(RecordMerger):
    """Reads the stored documents of one transaction, merges the records into them, and writes the result."""

    def __init__(self, batch: CustomerBatch, kind: BillingDocumentKind) -> None:
        self.batch = batch
        self.customer_changes: dict[str, CustomerChange] = {}
        self.stored: dict[str, Document] = {}
        self.written: dict[str, Document] = {}
        self._kind = kind
        self._collection = batch.scope.collection(kind.collection)
        self._subscription_numbers: dict[str, str] = {}

    async def read(self, records: Sequence[ImportRecord]) -> None:
        """Load the stored documents with the numbers of the records, and the customers that they belong to."""
        where = {**self.batch.scope.match(), "number": {"$in": sorted({record.key for record in records})}}
        for document in await self._collection.find(where, session=self.batch.session):
            self.stored[document["number"]] = document
        await load_more_customers(self.batch, {document["customer_id"] for document in self.stored.values()})
        self.customer_changes = await load_owners(self.batch, [record.values["subscription"] for record in records])

    def _merge_or_raise(self, record: ImportRecord) -> UpsertResult:
        subscription = self._find_subscription(record)
        before = self.find_before(record, subscription)
        moves = before is not None and before["entitlement_id"] != subscription["_id"]
        merge = merge_billing_document(before, record)
        if merge.delivered is None and not moves:
            return UpsertResult.UNCHANGED
        self._subscription_numbers[record.key] = subscription["number"]
        self.written[record.key] = self._build_document(before, subscription, merge)
        if before is None:
            return UpsertResult.ADDED
        return UpsertResult.CHANGED if merge.fields or moves else UpsertResult.UNCHANGED

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
        }
        owner = {"entitlement_id": subscription["_id"], "customer_id": subscription["customer_id"]}
        delivered = identity["delivered"] if merge.delivered is None else merge.delivered
        return {**identity, **owner, **merge.fields, "by_system": False, "delivered": delivered}

    def find_subscription_ids(self) -> set[str]:
        """Return the subscriptions of the written documents, also those that a document was of before."""
        former = [self.stored[number] for number in self.written if number in self.stored]
        return {document["entitlement_id"] for document in (*self.written.values(), *former)}

    async def write(self) -> None:
        """Write the documents, and an event for each one whose visible fields changed."""
        for number, document in self.written.items():
            before = self.stored.get(number)
            changes = self._compare_event_fields(before, document)
            moves = before is not None and before["customer_id"] != document["customer_id"]
            if before is None or changes or moves:
                document.update(version=document["version"] + 1, updated_at=self.batch.now)
                self._add_event(before, document, changes)
            if before is not None and moves:
                self._report_move(before)
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
        changes: dict[str, list[Any]] = {name: [before.get(name), document[name]] for name in names}
        if before["entitlement_id"] != document["entitlement_id"] and before["customer_id"] == document["customer_id"]:
            # The log of a customer does not name the subscription of another one.
            numbers = {change["_id"]: change["number"] for change in self._find_entitlements(document)}
            changes["subscription"] = [numbers.get(one["entitlement_id"]) for one in (before, document)]
        return changes

    def _find_entitlements(self, document: Document) -> Iterable[Document]:
        return self.find_customer_change(document).entitlements.values()

    def _report_move(self, before: Document) -> None:
        """Tell the former customer of the document, without naming the other one."""
        change = next(change for change in self.batch.changes if change.id == before["customer_id"])
        summary = f"{self._kind.name} {before['number']} of {change.customer['name']} moved to another customer"
        self.add_customer_event(change, EventDraft(self._kind.moved, before["_id"], summary))

    def _add_event(self, before: Document | None, document: Document, changes: Changes) -> None:
        change = self.find_customer_change(document)
        number = self._subscription_numbers[document["number"]]
        title = f"{self._kind.name} {document['number']} of subscription {number} of {change.customer['name']}"
        if before is not None and before["customer_id"] != document["customer_id"]:
            summary = f"{title} moved here from another customer"
            self.add_customer_event(change, EventDraft(self._kind.moved, document["_id"], summary, changes))
        else:
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
