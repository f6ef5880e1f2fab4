"""The job of changed settings: its progress, a process that dies, and settings that change again meanwhile."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from domain.failures import Unavailable
from domain.partner.bulk_jobs import BulkJobState
from domain.partner.settings import ChangeSettings
from domain.types import PartnerRole
from jobs.bulk_jobs import bulk_jobs
from jobs.reevaluate import reevaluate_customers
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers, evaluate_customers
from store.changes.mutations import MutationRequest, mutate
from store.changes.reevaluation import reevaluate
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.organization.settings_changes import SettingsChanged, change_settings
from store.tags.bulk_jobs import BulkJobDocument, read_job
from tests.api_server import administrator_document
from tests.store.factory_customers import DAY, PARTNER, add_customers, begin_customer, partner_scope, subscription


async def partner_with_customers(client: Client, count: int, partner_id: str = PARTNER) -> Scope:
    """Return the scope of a full administrator; every customer has a subscription that ends in 50 days."""
    scope = await partner_scope(client, partner_id)
    accepted = {"$set": {"terms_accepted_at": scope.now}}
    await scope.collection("partners").update_one(scope.match(), accepted)
    administrator = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([administrator])
    end = scope.now + 50 * DAY
    held = ((f"C-{number:04}", [subscription(f"S-{number}", ends_at=end)]) for number in range(count))
    await add_customers(scope, held)
    return Scope(client, scope.partner_id, utc_now(), administrator["_id"], PartnerRole.FULL_ADMINISTRATOR)


async def change(scope: Scope, **settings: int) -> str | None:
    """Change settings; return the id of the job."""
    request = MutationRequest("change_settings", ChangeSettings(**settings))
    return (await mutate(scope, request, change_settings, SettingsChanged)).result.job


async def read(scope: Scope, job_id: str | None) -> BulkJobDocument:
    job = await read_job(scope, job_id or "")
    assert job is not None
    return job


async def statuses(scope: Scope) -> Mapping[str, int]:
    groups: list[Document] = [
        {"$match": scope.match()},
        {"$unwind": "$statuses"},
        {"$group": {"_id": "$statuses", "n": {"$sum": 1}}},
    ]
    return {group["_id"]: group["n"] for group in await scope.collection("customers").aggregate(groups)}


async def test_a_job_counts_the_customers_that_get_the_new_settings(client: Client) -> None:
    scope = await partner_with_customers(client, 3)
    job_id = await change(scope, expiring_soon_days=60)
    begun = await read(scope, job_id)
    assert (begun.state, begun.total, begun.done, begun.changed) == (BulkJobState.RUNNING, 3, 0, 0)
    # The job that tags customers leaves it alone.
    assert await bulk_jobs(client) == 0
    assert [await reevaluate_customers(client) for _ in range(3)] == [3, 0, 0]
    done = await read(scope, job_id)
    assert (done.state, done.total, done.done, done.changed, done.skipped) == (BulkJobState.DONE, 3, 3, 3, 0)
    assert done.finished_at is not None and (await statuses(scope))["EXPIRING_SOON"] == 3


async def test_settings_without_a_new_threshold_need_no_job(client: Client) -> None:
    scope = await partner_with_customers(client, 1)
    assert await change(scope, trial_days=9) is None
    assert await change(scope, trial_days=9) is None
    assert await reevaluate_customers(client) == 0


async def test_a_job_survives_a_process_that_dies(client: Client) -> None:
    count = BATCH_SIZE + 20
    scope = await partner_with_customers(client, count)
    job_id = await change(scope, expiring_soon_days=60)
    process = asyncio.create_task(reevaluate_customers(client))
    while (await read(scope, job_id)).done == 0:
        await asyncio.sleep(0)
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)
    while await reevaluate_customers(client):
        pass
    done = await read(scope, job_id)
    assert (done.state, done.done, done.changed) == (BulkJobState.DONE, count, count)
    events = {**scope.match(), "kind": "STATUS_CHANGED", "entered": "EXPIRING_SOON"}
    assert await scope.collection("events").count(events) == count


async def test_the_last_settings_win_and_both_jobs_end(client: Client) -> None:
    scope = await partner_with_customers(client, 4)
    first = await change(scope, expiring_soon_days=60)
    ids = [customer["_id"] for customer in await scope.collection("customers").find(scope.match(), {"_id": 1})]
    # Another change of these customers evaluates them too.
    await evaluate_customers(Scope(client, scope.partner_id, utc_now()), ids[:2])
    second = await change(scope, expiring_soon_days=40)
    while await reevaluate_customers(client):
        pass
    jobs = [await read(scope, job) for job in (first, second)]
    assert [(job.state, job.total, job.done) for job in jobs] == [(BulkJobState.DONE, 4, 4)] * 2
    assert "EXPIRING_SOON" not in await statuses(scope)


async def test_a_customer_whose_transaction_began_before_the_change_gets_the_new_settings(client: Client) -> None:
    scope = await partner_with_customers(client, 0)
    has_begun, is_changed = asyncio.Event(), asyncio.Event()

    async def add(batch: CustomerBatch) -> None:
        begin_customer(batch, "C-1", [subscription("S-1", ends_at=scope.now + 50 * DAY)], {})
        has_begun.set()
        await is_changed.wait()

    adding = asyncio.create_task(change_customers(scope, {"external_id": "C-1"}, add, deadline=50))
    await has_begun.wait()
    job_id = await change(scope, expiring_soon_days=60)
    evaluating = asyncio.create_task(reevaluate_customers(client))
    # The job does not end before the transaction.
    done, _ = await asyncio.wait({evaluating}, timeout=0.5)
    assert not done and (await read(scope, job_id)).state is BulkJobState.RUNNING
    is_changed.set()
    await adding
    assert await evaluating == 1 and (await statuses(scope))["EXPIRING_SOON"] == 1


async def test_partners_take_turns(client: Client) -> None:
    large = await partner_with_customers(client, 3 * BATCH_SIZE)
    small = await partner_with_customers(client, 1, "small")
    jobs = [(scope, await change(scope, expiring_soon_days=60)) for scope in (large, small)]
    running = asyncio.create_task(reevaluate_customers(client))
    while (await read(*jobs[1])).done == 0:
        await asyncio.sleep(0)
    # The small partner has had its first batch before the large one has all of its three.
    assert (await read(*jobs[0])).state is BulkJobState.RUNNING
    assert await running == 3 * BATCH_SIZE + 1
    assert [(await read(*job)).state for job in jobs] == [BulkJobState.DONE] * 2


async def test_a_partner_that_changes_its_settings_takes_part_in_a_run_that_has_begun(client: Client) -> None:
    large = await partner_with_customers(client, 2 * BATCH_SIZE)
    small = await partner_with_customers(client, 1, "small")
    first = await change(large, expiring_soon_days=60)
    held = asyncio.Event()
    # A transaction is open: the run waits for its end before it ends the job.
    holding = asyncio.create_task(
        change_customers(large, {"external_id": "C-none"}, lambda _: held.wait(), deadline=50)
    )
    running = asyncio.create_task(reevaluate_customers(client))
    while (await read(large, first)).done < 2 * BATCH_SIZE:
        await asyncio.sleep(0)
    second = await change(small, expiring_soon_days=60)
    while (await read(small, second)).done == 0:
        await asyncio.sleep(0.01)
    assert not running.done()
    held.set()
    await holding
    assert await running == 2 * BATCH_SIZE + 1
    assert (await read(small, second)).state is BulkJobState.DONE


async def test_a_conflict_of_one_partner_does_not_end_the_others(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = [await partner_with_customers(client, 1, partner) for partner in ("first", "second")]
    jobs = [(scope, await change(scope, expiring_soon_days=60)) for scope in scopes]

    async def reevaluate_but_first(scope: Scope, *given: Any) -> int:
        if scope.partner_id == "first":
            raise Unavailable
        return await reevaluate(scope, *given)

    monkeypatch.setattr("jobs.reevaluate.reevaluate", reevaluate_but_first)
    with pytest.raises(Unavailable):
        await reevaluate_customers(client)
    assert [(await read(*job)).state for job in jobs] == [BulkJobState.RUNNING, BulkJobState.DONE]
