"""Writes slices of license-usage: snapshots by day, and the current figures of the entitlements they belong to."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.license_snapshots import WeekKey, sum_by_week, week_span
from domain.failures import InvalidRecord
from domain.imports.license_merging import UsageMergeResult, apply_usage
from domain.imports.records import ImportRecord
from domain.time.weeks import week_of
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document, InsertOne, ReplaceOne, UpdateOne
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.deliveries import RecordResult, UpsertResult
from store.imports.events import DeliveryEvents
from store.licenses.weeks import write_weeks

_RECORDS_PER_YIELD = 100
SnapshotKey = tuple[str, str, datetime]


async def read_customer_ids_by_number(scope: Scope, numbers: Sequence[str]) -> dict[str, str]:
    """The customer behind each number of a subscription or trial that is there."""
    where = {**scope.match(), "number": {"$in": list(numbers)}}
    found = await scope.collection("entitlements").find(where, {"_id": 0, "number": 1, "customer_id": 1})
    return {entitlement["number"]: entitlement["customer_id"] for entitlement in found}


async def deliver_usage(scope: Scope, lines: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upserts daily figures; the outcomes stand in the lines' order."""
    customers = await read_customer_ids_by_number(scope, sorted({line.key for line in lines}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, lines), deadline=deadline)


async def _deliver(lines: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _UsageMerger(batch)
    await merger.read(lines)
    outcomes = []
    for start in range(0, len(lines), _RECORDS_PER_YIELD):
        outcomes += [merger.merge_record(line) for line in lines[start : start + _RECORDS_PER_YIELD]]
        # A slice has many lines for one customer, and the process has other things to do.
        await asyncio.sleep(0)
    await merger.write()
    return outcomes


class _UsageMerger:
    """The figures of one transaction: what is there, and what the lines make of it."""

    def __init__(self, batch: CustomerBatch) -> None:
        self._batch = batch
        self._works = {number: work for work in batch.changes for number in work.entitlements}
        self._stored: dict[SnapshotKey, Document] = {}
        self._written: dict[SnapshotKey, Document] = {}
        self._licenses: dict[str, list[Document]] = {}

    async def read(self, lines: Sequence[ImportRecord]) -> None:
        """Loads all snapshots of the lines' customers, products and weeks, which the weeks' sums rest on too."""
        known = [line for line in lines if line.key in self._works]
        works = {work.id: work for work in (self._works[line.key] for line in known)}
        ids = {document["_id"] for work in works.values() for document in work.entitlements.values()}
        if known:
            begin, end = week_span(week_of(line.values["day"]) for line in known)
            where = {
                "entitlement_id": {"$in": sorted(ids)},
                "product": {"$in": sorted({line.values["product"] for line in known})},
                "day": {"$gte": begin, "$lt": end},
            }
            snapshots = self._batch.scope.collection("license_snapshots")
            match = self._batch.scope.match()
            for found in await snapshots.find({**match, **where}, session=self._batch.session):
                self._stored[found["entitlement_id"], found["product"], found["day"]] = found

    def merge_record(self, line: ImportRecord) -> RecordResult:
        """Merges one line into what the lines before it left."""
        try:
            return self._merge_or_raise(line)
        except InvalidRecord as refused:
            return refused

    def _merge_or_raise(self, line: ImportRecord) -> UpsertResult:
        document, place = self._find_license(line)
        licenses: list[Document] = self._licenses.get(line.key) or document["licenses"]
        key = (document["_id"], line.values["product"], line.values["day"])
        snapshot = self._written.get(key) or self._stored.get(key)
        merge = apply_usage(licenses[place], snapshot, line, self._batch.now)
        if merge.snapshot is None:
            return UpsertResult.UNCHANGED
        self._written[key] = self._build_snapshot(document, key, merge)
        if merge.current:
            self._licenses[line.key] = [*licenses[:place], {**licenses[place], **merge.current}, *licenses[place + 1 :]]
        is_first = snapshot is None or "delivered" not in snapshot
        return UpsertResult.ADDED if is_first else UpsertResult.CHANGED

    def _find_license(self, line: ImportRecord) -> tuple[Document, int]:
        work = self._works.get(line.key)
        if work is None:
            raise InvalidRecord("entitlement", f"there is no subscription or trial {line.key!r}")
        document = work.entitlements[line.key]
        for place, held in enumerate(document["licenses"]):
            if held["product"] == line.values["product"]:
                return document, place
        raise InvalidRecord("product", f"is {line.values['product']}, of which {line.key} has no licenses")

    def _build_snapshot(self, document: Document, key: SnapshotKey, merge: UsageMergeResult) -> Document:
        now = self._batch.now
        before = self._written.get(key) or self._stored.get(key)
        identity = before or {
            "_id": new_id("lsn"),
            "partner_id": self._batch.scope.partner_id,
            "version": 0,
            "created_at": now,
            "entitlement_id": key[0],
            "customer_id": document["customer_id"],
            "product": key[1],
            "day": key[2],
        }
        # What was delivered takes the place of what the job took.
        identity = {name: value for name, value in identity.items() if name != "by_system"}
        return {**identity, **(merge.snapshot or {}), "version": identity["version"] + 1, "updated_at": now}

    async def write(self) -> None:
        """Writes the snapshots, and hands the figures to the customers' works."""
        batch = self._batch
        match = batch.scope.match()
        writes = [
            ReplaceOne({**match, "_id": snapshot["_id"]}, snapshot) if key in self._stored else InsertOne(snapshot)
            for key, snapshot in self._written.items()
        ]
        await batch.scope.collection("license_snapshots").bulk_write(writes, session=batch.session)
        await self._sum_weeks()
        only_days = [self._update_licenses(number, licenses) for number, licenses in self._licenses.items()]
        moved = [write for write in only_days if write is not None]
        await batch.scope.collection("entitlements").bulk_write(moved, session=batch.session)

    async def _sum_weeks(self) -> None:
        batch = self._batch
        touched = {
            WeekKey(snapshot["customer_id"], product, week_of(day))
            for (_, product, day), snapshot in self._written.items()
            if product in ANALYTICS_PRODUCTS
        }
        said = sum_by_week({**self._stored, **self._written}.values())
        removed = {work.id for work in batch.changes if not work.customer["keys"]}
        await write_weeks(batch.scope, batch.session, {key: said[key] for key in touched}, removed)

    def _update_licenses(self, number: str, licenses: list[Document]) -> UpdateOne | None:
        """Figures go through the customer's work; a newer day with the same figures is no change of the customer."""
        work: CustomerChange = self._works[number]
        document = work.entitlements[number]
        days_aside = [{**new, "day": held.get("day")} for new, held in zip(licenses, document["licenses"], strict=True)]
        if days_aside == document["licenses"]:
            document["licenses"] = licenses
            match = self._batch.scope.match()
            return UpdateOne({**match, "_id": document["_id"]}, {"$set": {"licenses": licenses}})
        events = DeliveryEvents(work, short_lived=True)
        events.record_changes(document, {"licenses": licenses}, number)
        work.update_entitlement(number, {"licenses": licenses})
        events.add_drafts()
        return None
