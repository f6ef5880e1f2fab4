"""One slice of delivered orders or invoices: each an upsert by its number, told once, as a change of its customer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.failures import LineRefused
from domain.imports.merging import Merge, apply_paper
from domain.imports.records import Line
from domain.types import SubscriptionType
from store.changes.customer_batch import CustomerSlice
from store.changes.customer_change import CustomerWork
from store.database.client import Document, InsertOne, ReplaceOne
from store.database.ids import new_id
from store.events.log import Note
from store.imports.deliveries import LineOutcome, Outcome

Changes = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class PaperKind:
    """What tells orders from invoices: where they are kept, the prefix of their ids, and what the log shows of them."""

    collection: str
    prefix: str
    name: str
    shown: tuple[str, ...]


class PaperSlice(ABC):
    """The papers of one transaction: what is there, and what the lines make of it."""

    def __init__(self, changing: CustomerSlice, kind: PaperKind) -> None:
        self.changing = changing
        self.works = {number: work for work in changing.works for number in work.entitlements}
        self.stored: dict[str, Document] = {}
        self.written: dict[str, Document] = {}
        self._kind = kind
        self._collection = changing.scope.collection(kind.collection)
        self._subscriptions: dict[str, str] = {}

    async def read(self, lines: Sequence[Line]) -> None:
        """Loads what is there under the lines' numbers."""
        where = {**self.changing.scope.match(), "number": {"$in": sorted({line.key for line in lines})}}
        for found in await self._collection.find(where, session=self.changing.session):
            self.stored[found["number"]] = found

    def outcome(self, line: Line) -> LineOutcome:
        """Merges one line into what the lines before it left."""
        try:
            return self._merge(line)
        except LineRefused as refused:
            return refused

    def _merge(self, line: Line) -> Outcome:
        subscription = self._subscription(line)
        held = self.written.get(line.key) or self.stored.get(line.key)
        if held is not None and held["entitlement_id"] != subscription["_id"]:
            raise LineRefused("number", f"is taken by an {self._kind.name.lower()} of another subscription")
        merge = apply_paper(held, line)
        if merge.delivered is None:
            return Outcome.UNCHANGED
        self._subscriptions[line.key] = subscription["number"]
        self.written[line.key] = self._merged(held, subscription, merge)
        if held is None:
            return Outcome.ADDED
        return Outcome.CHANGED if merge.fields else Outcome.UNCHANGED

    def _subscription(self, line: Line) -> Document:
        number = line.values["subscription"]
        work = self.works.get(number)
        if work is None or work.entitlements[number]["kind"] != SubscriptionType.SUBSCRIPTION:
            raise LineRefused("subscription", f"there is no subscription {number!r}")
        return work.entitlements[number]

    def _merged(self, held: Document | None, subscription: Document, merge: Merge) -> Document:
        now = self.changing.now
        identity = held or {
            "_id": new_id(self._kind.prefix),
            "partner_id": self.changing.scope.partner_id,
            "version": 0,
            "created_at": now,
            "updated_at": now,
            "entitlement_id": subscription["_id"],
            "customer_id": subscription["customer_id"],
        }
        return {**identity, **merge.fields, "by_system": False, "delivered": merge.delivered}

    async def write(self) -> None:
        """Writes the papers, and tells of those that changed; one that was only delivered otherwise changes nothing."""
        for number, paper in self.written.items():
            before = self.stored.get(number)
            changes = self._changes(before, paper)
            if before is None or changes:
                paper.update(version=paper["version"] + 1, updated_at=self.changing.now)
                self._tell(before, paper, changes)
        match = self.changing.scope.match()
        writes = [
            ReplaceOne({**match, "_id": paper["_id"]}, paper) if number in self.stored else InsertOne(paper)
            for number, paper in self.written.items()
        ]
        await self._collection.bulk_write(writes, session=self.changing.session)

    def _changes(self, before: Document | None, paper: Document) -> Changes:
        if before is None:
            return {}
        names = [name for name in self._kind.shown if before.get(name) != paper[name]]
        return {name: [before.get(name), paper[name]] for name in names}

    def _tell(self, before: Document | None, paper: Document, changes: Changes) -> None:
        work = self.work_of(paper)
        # Nothing of the customer's own document changes but its version, which clients take for a cache key.
        work.put_customer({})
        number = self._subscriptions[paper["number"]]
        title = f"{self._kind.name} {paper['number']} of subscription {number} of {work.customer['name']}"
        work.note(self.note(before, paper, changes, title))

    def work_of(self, paper: Document) -> CustomerWork:
        """The customer whose paper it is."""
        return self.works[self._subscriptions[paper["number"]]]

    @abstractmethod
    def note(self, before: Document | None, paper: Document, changes: Changes, title: str) -> Note:
        """What the log tells of a new or changed paper."""
