"""The imports of a partner in one process share a few batches: many at once would delay every other request."""

import asyncio
from contextlib import AsyncExitStack

from domain.imports.records import ImportKind
from jobs.imports.batch_limits import MAX_BATCHES, limit_batches
from store.database.client import Client
from tests.domain.imports.factory_records import customer_record
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.store.factory_customers import partner_scope

C = ImportKind.CUSTOMERS


async def test_an_import_waits_while_others_of_its_partner_write_as_many_batches(client: Client) -> None:
    scope, other = await partner_scope(client), await partner_scope(client, "other")
    async with AsyncExitStack() as stack:
        for _ in range(MAX_BATCHES):
            await stack.enter_async_context(limit_batches(scope.partner_id))
        importing = asyncio.create_task(import_lines(scope, C, customer_record()))
        # Another partner does not wait.
        assert (await import_lines(other, C, customer_record())).counts == (1, 0, 0, 0)
        await asyncio.sleep(0.1)
        assert await documents(scope, "customers") == [] and not importing.done()
    assert (await importing).counts == (1, 0, 0, 0)


async def test_imports_of_one_partner_at_once_all_end(client: Client) -> None:
    scope = await partner_scope(client)
    lines = [[customer_record(f"C-{part}-{number}") for number in range(5)] for part in range(4 * MAX_BATCHES)]
    imported = await asyncio.gather(*(import_lines(scope, C, *part) for part in lines))
    assert {each.counts for each in imported} == {(5, 0, 0, 0)}
    assert len(await documents(scope, "customers")) == 5 * len(lines)
