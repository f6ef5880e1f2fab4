"""Writes batches of license-usage: daily snapshots, and the current figures of their entitlements."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.entitlements.license_keys import key_fields, key_of_line, snapshot_key
from domain.entitlements.license_lines import ANALYTICS_PRODUCTS, license_line_id
from domain.entitlements.license_snapshots import WeekKey, sum_by_week, week_span
from domain.failures import InvalidRecord
from domain.imports.license_merging import UsageMergeResult, find_usage_line, is_open_day, merge_usage
from domain.imports.merging import is_final
from domain.imports.records import ImportRecord
from domain.time.weeks import week_of
from store.changes.customer_batch import CustomerBatch, change_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Document, InsertOne, ReplaceOne, UpdateOne
from store.database.ids import new_id
from store.database.scope import Scope
from store.imports.deliveries import RecordMerger, RecordResult, UpsertResult
from store.imports.events import DeliveryEvents
from store.imports.owners import load_owners, read_customer_ids_by_number
from store.licenses.use_peaks import UsedByDay, update_peaks
from store.licenses.weeks import write_weeks

# The entitlement's id, the snapshot key of the licence line, and the day.
SnapshotKey = tuple[str, str, datetime]


async def deliver_usage(scope: Scope, records: Sequence[ImportRecord], deadline: float) -> list[RecordResult]:
    """Upsert daily figures; return the results in the order of the records."""
    customers = await read_customer_ids_by_number(scope, sorted({record.key for record in records}))
    where = {"_id": {"$in": sorted(set(customers.values()))}}
    return await change_customers(scope, where, partial(_deliver, records), deadline=deadline)


async def _deliver(records: Sequence[ImportRecord], batch: CustomerBatch) -> list[RecordResult]:
    merger = _UsageMerger(batch, await load_owners(batch, [record.key for record in records]))
    await merger.read(records)
    results = await merger.merge_records(records)
    await merger.write()
    return results


class _UsageMerger(RecordMerger):
    """Reads the snapshots of one transaction, merges the records into them, and writes the result."""

    def __init__(self, batch: CustomerBatch, owners: dict[str, CustomerChange]) -> None:
        self._batch = batch
        self._customer_changes = owners
        self._stored: dict[SnapshotKey, Document] = {}
        self._written: dict[SnapshotKey, Document] = {}
        self._licenses: dict[str, list[Document]] = {}

    async def read(self, records: Sequence[ImportRecord]) -> None:
        """Load all snapshots of the customers, products and weeks of the records: the weekly sums need them too."""
        now = self._batch.now
        known = [record for record in records if record.key in self._customer_changes and is_open_day(record, now)]
        customer_changes = {change.id: change for change in (self._customer_changes[record.key] for record in known)}
        ids = {document["_id"] for change in customer_changes.values() for document in change.entitlements.values()}
        if known:
            begin, end = week_span(week_of(record.values["day"]) for record in known)
            where = {
                "entitlement_id": {"$in": sorted(ids)},
                "product": {"$in": sorted({record.values["product"] for record in known})},
                "day": {"$gte": begin, "$lt": end},
            }
            snapshots = self._batch.scope.collection("license_snapshots")
            match = self._batch.scope.match()
            for snapshot in await snapshots.find({**match, **where}, session=self._batch.session):
                self._stored[snapshot["entitlement_id"], key_of_line(snapshot), snapshot["day"]] = snapshot

    def _merge_or_raise(self, record: ImportRecord) -> UpsertResult:
        document = self._find_entitlement(record)
        licenses: list[Document] = self._licenses.get(record.key) or document["licenses"]
        position = find_usage_line(licenses, record)
        key = (document["_id"], snapshot_key(licenses[position]), record.values["day"])
        snapshot = self._written.get(key) or self._stored.get(key)
        merge = merge_usage(licenses[position], snapshot, record, self._batch.now)
        if merge.snapshot is None:
            return UpsertResult.UNCHANGED
        self._written[key] = self._build_snapshot(document, key, merge)
        if merge.current and not is_final(document):
            updated = {**licenses[position], **merge.current}
            self._licenses[record.key] = [*licenses[:position], updated, *licenses[position + 1 :]]
        is_first = snapshot is None or "delivered" not in snapshot
        return UpsertResult.ADDED if is_first else UpsertResult.CHANGED

    def _find_entitlement(self, record: ImportRecord) -> Document:
        change = self._customer_changes.get(record.key)
        if change is None:
            raise InvalidRecord("entitlement", f"there is no subscription or trial {record.key!r}")
        return change.entitlements[record.key]

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
            **key_fields(key[1]),
            "day": key[2],
        }
        # A delivered snapshot replaces one that the job took.
        identity = {name: value for name, value in identity.items() if name != "by_system"}
        return {**identity, **(merge.snapshot or {}), "version": identity["version"] + 1, "updated_at": now}

    async def write(self) -> None:
        """Write the snapshots and weekly sums, and change the figures of the customers."""
        batch = self._batch
        match = batch.scope.match()
        writes = [
            ReplaceOne({**match, "_id": snapshot["_id"]}, snapshot) if key in self._stored else InsertOne(snapshot)
            for key, snapshot in self._written.items()
        ]
        await batch.scope.collection("license_snapshots").bulk_write(writes, session=batch.session)
        await self._sum_weeks()
        await update_peaks(batch.scope, batch.session, self._sum_days())
        updates = [self._update_licenses(number, licenses) for number, licenses in self._licenses.items()]
        day_updates = [update for update in updates if update is not None]
        await batch.scope.collection("entitlements").bulk_write(day_updates, session=batch.session)

    async def _sum_weeks(self) -> None:
        batch = self._batch
        changed_weeks = {
            WeekKey(snapshot["customer_id"], snapshot["product"], week_of(snapshot["day"]))
            for snapshot in self._written.values()
            if snapshot["product"] in ANALYTICS_PRODUCTS
        }
        sums = sum_by_week({**self._stored, **self._written}.values())
        removed = {change.id for change in batch.changes if not change.customer["keys"]}
        await write_weeks(batch.scope, batch.session, {key: sums[key] for key in changed_weeks}, removed)

    def _sum_days(self) -> UsedByDay:
        """Return the use of the written lines on the written days, the sum over single lines."""
        written_days = {(key[0], snapshot["product"], key[2]) for key, snapshot in self._written.items()}
        used_by_day: dict[str, Counter[datetime]] = {}
        for snapshot in {**self._stored, **self._written}.values():
            entitlement_id, product, day = snapshot["entitlement_id"], snapshot["product"], snapshot["day"]
            if (entitlement_id, product, day) in written_days:
                sums = used_by_day.setdefault(license_line_id(entitlement_id, product), Counter())
                sums[day] += snapshot["used"]
        return used_by_day

    def _update_licenses(self, number: str, licenses: list[Document]) -> UpdateOne | None:
        """Change the figures of the customer; where only the day is newer, return an update of the entitlement."""
        change: CustomerChange = self._customer_changes[number]
        document = change.entitlements[number]
        stored = document["licenses"]
        with_stored_days = [{**new, "day": old.get("day")} for new, old in zip(licenses, stored, strict=True)]
        if with_stored_days == stored:
            document["licenses"] = licenses
            match = self._batch.scope.match()
            return UpdateOne({**match, "_id": document["_id"]}, {"$set": {"licenses": licenses}})
        events = DeliveryEvents(change, short_lived=True)
        events.report_changes(document, {"licenses": licenses}, number)
        change.update_entitlement(number, {"licenses": licenses})
        events.add_drafts()
        return None
