"""Imports for tests: lines as JSON values in, the summary and the refusals out."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from domain.imports.records import ImportKind
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import ImportSummary, import_stream
from store.database.client import Document
from store.database.scope import Scope


@dataclass(frozen=True)
class Imported:
    """What an import answered."""

    summary: ImportSummary
    refusals: list[RejectedRecord]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Added, changed, unchanged, refused."""
        return (self.summary.added, self.summary.changed, self.summary.unchanged, self.summary.refused)

    @property
    def reasons(self) -> list[tuple[int, str | None, str | None, str]]:
        """Line, key, field and reason of each refusal."""
        return [(r.line, r.key, r.field, r.reason) for r in self.refusals]


def ndjson(*lines: Any) -> bytes:
    """Lines as they are delivered; bytes pass as they are."""
    return b"".join((line if isinstance(line, bytes) else orjson.dumps(line)) + b"\n" for line in lines)


async def chunks_of(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """The content as a stream."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def import_lines(scope: Scope, kind: ImportKind, *lines: Any) -> Imported:
    """One stream of these lines."""
    refusals: list[RejectedRecord] = []
    summary = await import_stream(scope, kind, chunks_of(ndjson(*lines)), refusals.append)
    return Imported(summary, refusals)


async def documents(scope: Scope, collection: str, **where: Any) -> list[Document]:
    """The partner's documents, oldest first."""
    return await scope.collection(collection).find({**scope.match(), **where}, sort=[("_id", 1)])


async def find_only(scope: Scope, collection: str, **where: Any) -> Document:
    """The only document that matches."""
    (found,) = await documents(scope, collection, **where)
    return found


async def event_kinds(scope: Scope) -> list[str]:
    """The kinds of the partner's events, oldest first."""
    return [event["kind"] for event in await documents(scope, "events")]


def distinct(values: Iterable[str]) -> list[str]:
    """The values without repeats, in their order."""
    return list(dict.fromkeys(values))
