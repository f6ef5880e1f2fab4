"""Whatever is delivered, in whatever order: the store answers what the reference model answers."""

import asyncio
from collections.abc import Sequence
from itertools import count

from hypothesis import Phase, given, settings
from strawberry.types import get_object_definition

from jobs.imports.runner import ImportSummary
from schema.customer_inputs import CustomerFilter
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import ensure_indexes
from store.tenants.partners import Partners
from tests.random_values import seeded
from tests.reference import model
from tests.reference.api_client import EXAMPLES
from tests.reference.customer_worlds import (
    CONDITIONS,
    GROUPS,
    KINDS,
    ORDERS,
    Question,
    Record,
    Streams,
    group_examples,
)
from tests.reference.partner_comparison import FollowingIndex, PartnerComparison
from tests.reference.partner_deliveries import (
    add_rules,
    add_tags,
    deliver,
    import_stream_of,
    put_tags,
    to_asked,
    to_delivered,
)


def test_every_condition_of_the_filter_is_asked() -> None:
    """Conditions on KPIs are compared in test_license_figures.py."""
    asked = {*CONDITIONS, "all_of", "any_of", "not_", "kpi"}
    assert {field.python_name for field in get_object_definition(CustomerFilter, strict=True).fields} == asked


def test_the_store_answers_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        client = runner.run(_prepared(mongo_uri, database_name))

        # Every step of shrinking is a round of imports: minutes for an example that is small already.
        @settings(max_examples=EXAMPLES // GROUPS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(seeded(group_examples()))
        def agree(example: tuple[list[Streams], list[Question]]) -> None:
            runner.run(_compared(client, f"partner-{next(partners)}", *example))

        try:
            agree()
        finally:
            runner.run(client.close())


async def _prepared(uri: str, database: str) -> Client:
    client = Client(uri, database)
    await ensure_indexes(client)
    return client


async def _compared(client: Client, partner: str, groups: list[Streams], asked: list[Question]) -> None:
    base = utc_now()
    scope = Scope(client, partner, base)
    await Partners(scope).create("Somebody", [])
    await add_tags(scope)
    rules = await add_rules(scope, [to_asked(one.filter, base) for one in asked])
    index = await FollowingIndex.build(scope)
    delivered = [model.ModelPartner() for _ in groups]
    last: tuple[str, list[Record]] | None = None
    for place in sorted({place for streams in groups for place in streams}):
        kind = KINDS[place[1]]
        lines = [to_delivered(streams.get(place, []), base) for streams in groups]
        if kind == "tags":
            await put_tags(scope, delivered, lines)
        elif accepted := await deliver(scope, delivered, kind, lines, base):
            last = kind, accepted
        await index.follow()
    assert last is not None
    await _repeat(scope, *last)
    comparison = await PartnerComparison.read(scope, delivered, rules, index)
    await comparison.compare_customers()
    await comparison.compare_ruled_tags()
    for order in ORDERS:
        assert await comparison.read_list({}, order, None) == comparison.expected({}, order, None)
    for raw, order, size, viewer in asked:
        condition = to_asked(raw, base)
        assert await comparison.read_list(condition, order, viewer) == comparison.expected(condition, order, viewer)
        assert await comparison.read_count(condition, viewer) == len(comparison.expected(condition, order, viewer))
        await comparison.compare_pages(condition, order, size, viewer)
        await comparison.compare_facets(condition, order, viewer)
    await comparison.compare_alerts([(to_asked(one.filter, base), one.viewer) for one in asked[:1]])


async def _repeat(scope: Scope, kind: str, lines: Sequence[Record]) -> None:
    """Repeating a file changes nothing and writes no event."""
    before = await _everything(scope)
    summary, _ = await import_stream_of(scope, kind, lines)
    assert summary == ImportSummary(unchanged=len(lines))
    assert await _everything(scope) == before


async def _everything(scope: Scope) -> list[list[Document]]:
    names = ("customers", "administrators", "entitlements", "orders", "invoices", "license_snapshots", "events")
    return [await scope.collection(name).find(scope.match(), sort=[("_id", 1)]) for name in names]
