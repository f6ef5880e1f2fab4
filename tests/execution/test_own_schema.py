"""Random queries over the whole schema of this project have equal results: sample partner, every role, real MongoDB."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from random import Random
from typing import NamedTuple

import pytest
import pytest_asyncio
from graphql import parse
from strawberry.execution import optimized_is_awaitable

from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from schema.executor import OperationExecutor
from server.cli.sample_partner import ADMINISTRATOR_EMAILS, PARTNER_ID, load_sample
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.execution.comparison import Outcome, Request, differences, own_collection
from tests.execution.factory_operations import Choices, Leaf, Limits, OperationMaker, RandomChoices
from tests.reference.api_client import ApiClient

pytestmark = pytest.mark.asyncio(loop_scope="module")
CUSTOMERS, DOCUMENTS, MINIMUM_COMPILED = 25, 120, 0.95
# It needs the feed of a server.
LIMITS = Limits(fields=16, depth=5, introspection=1, omitted=frozenset({"Query.feedCursor"}))
COLLECTIONS = ("customers", "entitlements", "tags", "administrators", "invoices", "orders", "resources")
SCALARS = {
    "DateTime": ('"2026-11-01T00:00:00Z"', "2026-11-01T00:00:00Z"),
    "Date": ('"2026-11-01"', "2026-11-01"),
    "Decimal": ('"1.50"', "1.50"),
}


class CompiledOperation(OperationExecutor):
    """The executor of requests, without a limit of errors."""

    max_errors = 1_000_000


class StockOperation(CompiledOperation):
    """The same, switched off."""

    is_compiling = False


class SamplePartner(NamedTuple):
    """The partner, its administrators by role, and ids of all its kinds of objects."""

    client: Client
    now: datetime
    viewers: dict[PartnerRole, Viewer]
    ids: list[str]

    def context(self, role: PartnerRole) -> Context:
        """Return a new context of a request."""
        viewer = self.viewers[role]
        scope = Scope(self.client, PARTNER_ID, self.now, administrator_id=viewer.administrator.id, role=role)
        return Context(scope, viewer)

    def leaf(self, type_name: str, argument: str, choices: Choices) -> Leaf | None:
        """Return a value for an argument that selects something."""
        if type_name == "ID":
            chosen = self.ids[choices.below(len(self.ids))]
            return f'"{chosen}"', chosen
        if argument in ("after", "before"):
            # Most cursors are those of other lists.
            return ("null", None) if choices.below(5) else ('"bm8"', "bm8")
        if type_name == "Int" and argument in ("first", "last"):
            number = 1 + choices.below(4)
            return str(number), number
        return SCALARS.get(type_name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner(
    mongo_uri: str, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SamplePartner]:
    api = await ApiClient.open(mongo_uri, module_database)
    scope = Scope(api.client, PARTNER_ID, utc_now())
    await load_sample(api.client, scope, tmp_path_factory.mktemp("sample"), CUSTOMERS)
    ids: list[str] = []
    for name in COLLECTIONS:
        ids += [document["_id"] for document in (await scope.collection(name).find(scope.match()))[:6]]
    viewers = {role: await api.viewer(scope, email) for role, email in ADMINISTRATOR_EMAILS.items()}
    yield SamplePartner(api.client, utc_now(), viewers, ids)
    await api.close()


async def _run(partner: SamplePartner, number: int, counts: Counter[str]) -> list[str]:
    schema = build_schema()._schema
    random = Random(number)
    operation = OperationMaker(schema, RandomChoices(number), LIMITS, partner.leaf).make()
    role = random.choice(list(partner.viewers))
    request = Request(
        schema,
        parse(operation.text),
        operation.variables,
        lambda: partner.context(role),
        options={"is_awaitable": optimized_is_awaitable},
    )
    reasons: list[str] = []
    compiled = type("Observed", (CompiledOperation,), {"not_compiled": lambda self, reason: reasons.append(reason)})
    expected: Outcome = await request.run(StockOperation)
    actual = await request.run(compiled)
    counts.update({"all": 1, "compiled": not reasons, "with errors": bool(expected.result.errors), str(role): 1})
    counts["with data"] += expected.result.data is not None
    found = await differences(request, expected, actual)
    return [f"{role} {operation.text} {operation.variables}", *reasons, *found] if found else []


async def test_random_queries_have_equal_results(partner: SamplePartner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schema.executor.MAX_ERRORS", 1_000_000)
    counts: Counter[str] = Counter()
    first = Random().randrange(2**31)
    with own_collection():
        for number in range(first, first + DOCUMENTS):
            found = await _run(partner, number, counts)
            assert found == [], "\n".join([f"number {number}", *found])
            await asyncio.sleep(0)
    assert counts["compiled"] >= MINIMUM_COMPILED * counts["all"], counts
    assert counts["with data"] >= 0.8 * counts["all"], counts
