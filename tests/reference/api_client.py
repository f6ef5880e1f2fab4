"""A client of the API in process: imports records and runs operations at a moment that the test chooses."""

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
# Random groups of customers in each comparison; 200 take ten minutes. A thorough run: REFERENCE_EXAMPLES=200.
EXAMPLES = int(os.environ.get("REFERENCE_EXAMPLES", "30"))
# The administrators that the worlds of this folder deliver.
UNRESTRICTED_EMAILS = ["full@partner.example", "read@partner.example"]
RESTRICTED_EMAIL = "some@partner.example"


@dataclass
class ApiClient:
    """One database and one schema, for any number of partners."""

    client: Client
    operations: Operations

    @classmethod
    async def open(cls, uri: str, database: str) -> "ApiClient":
        """Connect to the database and create its indexes."""
        client = Client(uri, database)
        await ensure_indexes(client)
        return cls(client, Operations(build_schema(), 60.0))

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def add_partner(self, partner: str) -> Scope:
        """Create a partner; return the system's scope on it."""
        scope = Scope(self.client, partner, utc_now())
        await Partners(scope).create("Somebody", [])
        return scope

    async def viewer(self, scope: Scope, email: str) -> Viewer:
        """Return the administrator as the viewer of a request."""
        administrator = await Administrators(scope).by_email(email)
        assert administrator is not None
        return Viewer(administrator, scope.partner_id, scope.now + timedelta(days=1))

    async def execute(self, viewer: Viewer, now: datetime, text: str, **variables: Any) -> dict[str, Any]:
        """Return the response to an operation at the moment `now`."""
        administrator = viewer.administrator
        role = PartnerRole(administrator.role)
        scope = Scope(self.client, viewer.partner_id, now, administrator_id=administrator.id, role=role)
        operation = self.operations.prepare(text, None, variables)
        return await self.operations.execute(operation, variables, Context(scope, viewer))

    async def execute_data(self, viewer: Viewer, now: datetime, text: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation; fail where it has errors."""
        response = await self.execute(viewer, now, text, **variables)
        assert "errors" not in response, response["errors"]
        data: dict[str, Any] = response["data"]
        return data


async def import_records(scope: Scope, kind: str, body: bytes) -> list[RejectedRecord]:
    """Import a stream; return the rejected records."""
    rejected: list[RejectedRecord] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    await import_stream(scope, ImportKind(kind), chunks(), rejected.append)
    return rejected


def to_ndjson(lines: Sequence[Record]) -> bytes:
    """Return the records as NDJSON."""
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def find_differences(actual: Any, expected: Any, path: str = "") -> list[str]:
    """Return the paths where a response differs from the model; floats may differ by rounding."""
    if isinstance(expected, dict) and isinstance(actual, dict) and actual.keys() == expected.keys():
        return [
            difference
            for name in expected
            for difference in find_differences(actual[name], expected[name], f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        pairs = enumerate(zip(actual, expected, strict=True))
        return [difference for index, (a, b) in pairs for difference in find_differences(a, b, f"{path}[{index}]")]
    if isinstance(expected, float) and isinstance(actual, int | float) and not isinstance(actual, bool):
        return [] if isclose(actual, expected, rel_tol=1e-12) else [f"{path}: {actual!r} is not {expected!r}"]
    return [] if actual == expected and type(actual) is type(expected) else [f"{path}: {actual!r} is not {expected!r}"]
