"""Brings a group's streams to a partner, as imports and as tags that are put on customers, and tells the models."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from domain.customers.filter import find_conditions
from domain.imports.records import ImportKind
from domain.types import ActivityKind
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import ImportSummary, import_stream
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.scope import Scope
from store.events.log import EventDraft
from tests.reference import model
from tests.reference.customer_worlds import TAGS, HourOffset, Record


async def add_tags(scope: Scope) -> None:
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now, "color": "RED"}
    tags = [{"_id": f"tag_{name}", "name": name, "name_key": name, "name_folded": name, **stamps} for name in TAGS]
    await scope.collection("tags").insert_many([{**tag, "_id": f"{tag['_id']}-{scope.partner_id}"} for tag in tags])


async def add_rules(scope: Scope, filters: Sequence[Record]) -> Mapping[str, Record]:
    """Add tags whose rules are these filters, where they can be rules; return the rules by tag."""
    rules = {
        f"rule-{number}": raw
        for number, raw in enumerate(filters)
        # The administrators are delivered later.
        if {"has_tags", "administrator"}.isdisjoint(find_conditions(raw))
    }
    ids = {name: f"tag_{name}-{scope.partner_id}" for name in TAGS}
    stored = [
        {"tag_id": f"tag_{name}-{scope.partner_id}", "name": name, "filter": with_ids(raw, ids)}
        for name, raw in rules.items()
    ]
    await scope.collection("partners").update_one(scope.match(), {"$set": {"tag_rules": stored}})
    return rules


async def put_tags(scope: Scope, delivered: Sequence[model.ModelPartner], groups: Sequence[list[Record]]) -> None:
    tags = {line["externalId"]: line["tags"] for lines in groups for line in lines}

    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            names = tags[change.customer["external_id"]]
            change.update_customer({"tag_ids": [f"tag_{name}-{scope.partner_id}" for name in names]})
            change.add_event(EventDraft(ActivityKind.TAGS_ASSIGNED, change.id, "It has other tags"))

    await change_customers(scope, {"external_id": {"$in": list(tags)}}, body)
    for group, lines in zip(delivered, groups, strict=True):
        for line in lines:
            group.put_tags(line["externalId"], line["tags"])


async def deliver(
    scope: Scope, delivered: Sequence[model.ModelPartner], kind: str, groups: Sequence[list[Record]], now: datetime
) -> list[Record]:
    """Imports the lines of all groups as one stream and tells the models; answers the lines that have a target."""
    lines = [(group, line) for group, told in zip(delivered, groups, strict=True) for line in told]
    refused = [n for n, (group, line) in enumerate(lines, 1) if not _has_target(group, kind, line)]
    summary, refusals = await import_stream_of(scope, kind, [line for _, line in lines])
    assert [refusal.line for refusal in refusals] == refused
    assert summary.lines == len(lines)
    good = [pair for number, pair in enumerate(lines, 1) if number not in refused]
    for group, line in good:
        group.deliver(kind, line, now)
    return [line for _, line in good]


def _has_target(delivered: model.ModelPartner, kind: str, line: Record) -> bool:
    if kind == "invoices":
        return line["subscription"] in delivered.facts["subscriptions"]
    return kind != "license-usage" or delivered.usage_target(line) is not None


async def import_stream_of(
    scope: Scope, kind: str, lines: Sequence[Record]
) -> tuple[ImportSummary, list[RejectedRecord]]:
    refusals: list[RejectedRecord] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b"".join(orjson.dumps(line) + b"\n" for line in lines)

    return await import_stream(scope, ImportKind(kind), chunks(), refusals.append), refusals


def with_ids(raw: Any, ids: Mapping[str, str]) -> Any:
    """Return a filter with ids instead of names."""
    if isinstance(raw, dict):
        return {name: with_ids(value, ids) for name, value in raw.items()}
    return [with_ids(one, ids) for one in raw] if isinstance(raw, list) else ids.get(raw, raw)


def to_delivered(value: Any, base: datetime) -> Any:
    if isinstance(value, HourOffset):
        return (base + timedelta(hours=value.hours)).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, dict):
        return {name: to_delivered(one, base) for name, one in value.items()}
    return [to_delivered(one, base) for one in value] if isinstance(value, list) else value


def to_asked(value: Any, base: datetime) -> Any:
    """Return a filter with its offsets as instants."""
    if isinstance(value, HourOffset):
        return base + timedelta(hours=value.hours)
    if isinstance(value, dict):
        return {name: to_asked(one, base) for name, one in value.items()}
    return [to_asked(one, base) for one in value] if isinstance(value, list) else value
