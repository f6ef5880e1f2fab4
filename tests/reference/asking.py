"""Delivers to a partner and asks the schema in process, at a moment that the test chooses."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose
from typing import Any

import orjson

from domain.imports.records import ImportKind
from domain.types import PartnerRole
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import import_stream
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import ensure_indexes
from store.tenants.administrators import Administrators
from store.tenants.partners import Partners

Record = dict[str, Any]
# Random partners for each comparison; an example takes 0.4 s. More for a thorough run: REFERENCE_EXAMPLES=1000.
EXAMPLES = int(os.environ.get("REFERENCE_EXAMPLES", "100"))
# Those that the worlds of this folder deliver.
UNRESTRICTED_EMAILS = ["full@partner.example", "read@partner.example"]
RESTRICTED_EMAIL = "some@partner.example"


@dataclass
class ApiClient:
    """One database and one schema, for as many partners as a test makes."""

    client: Client
    operations: Operations

    @classmethod
    async def open(cls, uri: str, database: str) -> "ApiClient":
        """Over a database that has its indexes."""
        client = Client(uri, database)
        await ensure_indexes(client)
        return cls(client, Operations(build_schema(), 60.0))

    async def close(self) -> None:
        """Lets go of the database."""
        await self.client.close()

    async def add_partner(self, partner: str) -> Scope:
        """A partner with the terms accepted, and one administrator of each role."""
        scope = Scope(self.client, partner, utc_now())
        await Partners(scope).create("Somebody", [])
        return scope

    async def viewer(self, scope: Scope, email: str) -> Viewer:
        """The administrator as a request would bring them."""
        found = await Administrators(scope).by_email(email)
        assert found is not None
        return Viewer(found, scope.partner_id, scope.now + timedelta(days=1))

    async def execute(self, viewer: Viewer, now: datetime, text: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to an operation, as it is at that moment."""
        administrator = viewer.administrator
        role = PartnerRole(administrator.role)
        scope = Scope(self.client, viewer.partner_id, now, administrator_id=administrator.id, role=role)
        operation = self.operations.prepare(text, None, variables)
        return await self.operations.execute(operation, variables, Context(scope, viewer))

    async def execute_data(self, viewer: Viewer, now: datetime, text: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that has no errors."""
        answer = await self.execute(viewer, now, text, **variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found


async def import_records(scope: Scope, kind: str, body: bytes) -> list[RejectedRecord]:
    """Imports a stream; answers what was refused."""
    refusals: list[RejectedRecord] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    await import_stream(scope, ImportKind(kind), chunks(), refusals.append)
    return refusals


def to_ndjson(lines: Sequence[Record]) -> bytes:
    """One object a line."""
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def find_differences(told: Any, expected: Any, path: str = "") -> list[str]:
    """Where an answer is not what the model says; floats may differ by how they were summed up."""
    if isinstance(expected, dict) and isinstance(told, dict) and told.keys() == expected.keys():
        return [found for name in expected for found in find_differences(told[name], expected[name], f"{path}.{name}")]
    if isinstance(expected, list) and isinstance(told, list) and len(told) == len(expected):
        pairs = enumerate(zip(told, expected, strict=True))
        return [found for place, (a, b) in pairs for found in find_differences(a, b, f"{path}[{place}]")]
    if isinstance(expected, float) and isinstance(told, int | float) and not isinstance(told, bool):
        return [] if isclose(told, expected, rel_tol=1e-12) else [f"{path}: {told!r} is not {expected!r}"]
    return [] if told == expected and type(told) is type(expected) else [f"{path}: {told!r} is not {expected!r}"]
