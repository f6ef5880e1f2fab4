"""What an operation leaves in memory once it has answered: nothing that would wait for Python's collector."""

import asyncio
import gc
from collections import Counter

import pytest
from strawberry.dataloader import Batch, LoaderTask

from loaders.kpis import KpiLoader
from loaders.license_reports import LicenseReportLoaders
from loaders.relation import RelationLoader
from loaders.relations import Loaders
from loaders.request_memo import RequestMemo
from resolvers.context import Context
from schema.executor import OperationExecutor
from store.customers.customers import CustomerDocument
from tests.schema.test_license_analytics import EVERYTHING
from tests.schema.test_query_counts import RELATIONS, InProcessPartner, world

__all__ = ["world"]

OURS = {
    Batch,
    RelationLoader,
    LoaderTask,
    Context,
    CustomerDocument,
    OperationExecutor,
    KpiLoader,
    RequestMemo,
    Loaders,
    LicenseReportLoaders,
}
OPERATIONS = {
    "a page": "{ customers(first: 50) { totalCount nodes { id name } facets { status { count } } } }",
    "relations": f"{{ customers {{ nodes {{ id {' '.join(RELATIONS)} }} }} }}",
    "administrators": "{ customers { nodes { assignments { administrator { customers { totalCount } } } } } }",
    "the partner": "{ viewer { partner { name services { customers } } } tags { name customerCount } }",
    "figures": f"{{ licenseAnalytics(product: CALLING) {{ {EVERYTHING} }} }}",
    "a job": '{ node(id: "job_0123456789abcdef01234567") { id } }',
    "KPIs": "{ kpis { totalCustomers { count } nearingRenewal { customers { nodes { id } } } } }",
}


def alive() -> Counter[str]:
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in OURS)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_operation_leaves_nothing_to_the_collector(world: InProcessPartner, operation: str) -> None:
    await world.fill(3)
    # The first keeps the documents of its lists.
    await world.ask(OPERATIONS[operation])
    gc.collect()
    gc.disable()
    try:
        before = alive()
        assert await world.ask(OPERATIONS[operation])
        async with asyncio.timeout(5):
            while alive() != before:
                await asyncio.sleep(0)
    finally:
        gc.enable()
