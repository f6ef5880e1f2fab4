"""Bulk jobs: batches in several processes, in parts, beside conflicts and without authorization."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import pytest

from domain.failures import Unavailable
from domain.partner.bulk_jobs import MAX_RUNNING_JOBS, BulkJobState
from domain.types import PartnerRole
from jobs.bulk_jobs import bulk_jobs
from store.changes.mutations import Mutation
from store.database.client import Client, Document, Session
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.tags.bulk_batches import JobAuthorization, JobAuthorizationLost, process_batch
from store.tags.bulk_jobs import (
    BATCH_SIZE,
    BulkJobDocument,
    check_job_limit,
    find_next_jobs,
    find_open_batches,
    finish_job,
    read_job,
    start_job,
)
from store.tags.customer_tags import Tagging
from store.tenants.administrators import Administrators
from store.tenants.partners import Partners
from tests.api_server import administrator_document
from tests.store.factory_customers import add_customers, partner_scope, subscription

TAG = "tag_a"


class Begun(NamedTuple):
    """A job that somebody began, and all its batches."""

    scope: Scope
    job: Document
    batches: Sequence[Document]

    @property
    def authorization(self) -> JobAuthorization:
        return JobAuthorization(self.scope, self.job)

    async def read(self) -> BulkJobDocument:
        found = await read_job(self.scope, self.job["_id"])
        assert found is not None
        return found

    async def told(self) -> int:
        return await self.scope.collection("events").count({**self.scope.match(), "kind": "TAGS_ASSIGNED"})


async def begun(client: Client, customers: int) -> Begun:
    """A full administrator puts one tag on so many customers."""
    scope = await partner_scope(client)
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    tag = {"_id": TAG, "name": "A", "name_key": "a", "name_folded": "a", "color": "RED", "description": None}
    await scope.collection("tags").insert_many([{**tag, "created_by": None, **stamps}])
    await add_customers(scope, ((f"C-{number:04}", [subscription(f"S-{number}")]) for number in range(customers)))
    administrator = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([administrator])
    ids = [one["_id"] for one in await scope.collection("customers").find(scope.match(), {"_id": 1}, sort=[("_id", 1)])]

    async def begin(session: Session) -> str:
        partner = await Partners(scope).get(session=session)
        (actor,) = (await Administrators(scope).by_ids([administrator["_id"]], session=session)).values()
        assert partner is not None
        mutation = Mutation(scope, session, partner, actor, None)
        return await start_job(mutation, Tagging({TAG: "A"}, is_addition=True), ids)

    job_id = await in_transaction(client, begin)
    (job,) = await find_next_jobs(client)
    assert job["_id"] == job_id
    return Begun(scope, job, await find_open_batches(scope, job_id, 1_000))


async def test_a_batch_is_processed_once_by_several_processes(client: Client) -> None:
    work = await begun(client, BATCH_SIZE)
    (batch,) = work.batches
    await asyncio.gather(
        *(process_batch(work.scope, work.authorization, batch, BATCH_SIZE, asyncio.Lock()) for _ in range(5))
    )
    done = await work.read()
    assert (done.state, done.done, done.changed, done.skipped) == (BulkJobState.RUNNING, BATCH_SIZE, BATCH_SIZE, 0)
    assert await work.told() == BATCH_SIZE


async def test_a_batch_can_be_processed_in_parts(client: Client) -> None:
    work = await begun(client, BATCH_SIZE)
    for expected in (50, 100, BATCH_SIZE):
        (batch,) = await find_open_batches(work.scope, work.job["_id"], 10)
        await process_batch(work.scope, work.authorization, batch, 50, asyncio.Lock())
        # A second attempt with the batch as it was read changes nothing.
        await process_batch(work.scope, work.authorization, batch, 50, asyncio.Lock())
        assert (await work.read()).done == await work.told() == expected
    assert await find_open_batches(work.scope, work.job["_id"], 10) == []


class ObservedLock(asyncio.Lock):
    """Says when somebody asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_wanted = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        self.is_wanted.set()
        return await super().acquire()


async def test_a_batch_is_prepared_while_customers_of_another_are_changed(client: Client) -> None:
    work, changing = await begun(client, BATCH_SIZE), ObservedLock()
    async with changing:
        changing.is_wanted.clear()
        processing = asyncio.create_task(
            process_batch(work.scope, work.authorization, work.batches[0], BATCH_SIZE, changing)
        )
        await changing.is_wanted.wait()
        assert await work.told() == 0
    await processing
    assert await work.told() == BATCH_SIZE and not changing.locked()


async def test_a_batch_that_conflicts_lets_another_change_its_customers(client: Client) -> None:
    work, changing = await begun(client, BATCH_SIZE + 1), ObservedLock()
    busy = {**work.scope.match(), "_id": work.batches[0]["ids"][0]}
    session = await client.start_session()
    await client.start_transaction(session)
    await work.scope.collection("customers").update_one(busy, {"$set": {"note": "busy"}}, session=session)
    first, second = [
        asyncio.create_task(process_batch(work.scope, work.authorization, batch, BATCH_SIZE, changing))
        for batch in work.batches
    ]
    await second
    assert await work.told() == 1 and not first.done()
    await session.abort_transaction()
    await client.end_session(session)
    await first
    assert await work.told() == BATCH_SIZE + 1 and not changing.locked()


async def test_a_batch_waits_for_its_turn_longer_than_for_conflicts(client: Client) -> None:
    work, changing = await begun(client, 1), ObservedLock()
    async with changing:
        changing.is_wanted.clear()
        processing = asyncio.create_task(
            process_batch(work.scope, work.authorization, work.batches[0], BATCH_SIZE, changing, deadline=0.2)
        )
        await changing.is_wanted.wait()
        # Another batch is committed, which takes longer than this one may try.
        await asyncio.sleep(1.5)
    await processing
    assert await work.told() == 1


async def test_a_busy_customer_delays_no_other_customer(client: Client) -> None:
    total = 2 * BATCH_SIZE
    work = await begun(client, total)
    last = {**work.scope.match(), "_id": work.batches[0]["ids"][-1]}
    session = await client.start_session()
    await client.start_transaction(session)
    await work.scope.collection("customers").update_one(last, {"$set": {"note": "busy"}}, session=session)
    with pytest.raises(Unavailable):
        await bulk_jobs(client, deadline=0.2)
    done = await work.read()
    assert done.done == done.changed == total - 1
    await session.abort_transaction()
    await client.end_session(session)
    assert await bulk_jobs(client) == 1
    assert (await work.read()).done == await work.told() == total


async def test_a_failed_refresh_does_not_extend_the_older_authorization(client: Client) -> None:
    work = await begun(client, 1)
    authorization = work.authorization
    assert await authorization.current() is await authorization.current()
    await client.collection("administrators").update_one(work.scope.match(), {"$set": {"state": "DEACTIVATED"}})
    await asyncio.sleep(1.1)
    for _ in range(2):
        with pytest.raises(JobAuthorizationLost):
            await authorization.current()


async def test_a_finished_job_keeps_its_counts(client: Client) -> None:
    total = 2 * BATCH_SIZE + 50
    work = await begun(client, total)
    assert len(work.batches) == 3
    counted = 0
    while (some := await bulk_jobs(client)) > 0:
        counted += some
    done = await work.read()
    assert (done.state, done.total, done.done, done.changed) == (BulkJobState.DONE, total, total, total)
    assert done.finished_at is not None and counted == 4
    # The batches are deleted with it.
    assert await work.scope.collection("bulk_batches").count(work.scope.match()) == 0


async def test_the_authorization_is_read_again_after_a_second(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    work = await begun(client, 1)
    authorization = work.authorization
    first = await authorization.current()
    where = {**work.scope.match(), "_id": work.job["administrator_id"]}
    await work.scope.collection("administrators").update_one(where, {"$set": {"role": "READ_ONLY_ADMINISTRATOR"}})
    # Within a second, the role is the one that was read before.
    assert await authorization.current() is first
    monkeypatch.setattr("store.tags.bulk_batches._REFRESH_SECONDS", 0.0)
    with pytest.raises(JobAuthorizationLost):
        await authorization.current()


@pytest.mark.parametrize("reason", ["no tag", "another role", "removed"])
async def test_a_job_without_authorization_ends_and_keeps_its_progress(client: Client, reason: str) -> None:
    work = await begun(client, 2 * BATCH_SIZE)
    await process_batch(work.scope, work.authorization, work.batches[0], BATCH_SIZE, asyncio.Lock())
    if reason == "no tag":
        await work.scope.collection("tags").delete_many({**work.scope.match(), "_id": TAG})
    else:
        change = {"role": "READ_ONLY_ADMINISTRATOR"} if reason == "another role" else {"state": "DEACTIVATED"}
        where = {**work.scope.match(), "_id": work.job["administrator_id"]}
        await work.scope.collection("administrators").update_one(where, {"$set": change})
    await bulk_jobs(client)
    ended = await work.read()
    assert (ended.state, ended.done, ended.changed) == (BulkJobState.FAILED, BATCH_SIZE, BATCH_SIZE)
    assert await bulk_jobs(client) == 0 and await work.told() == BATCH_SIZE


async def test_only_customers_visible_at_the_time_of_the_batch_are_tagged(client: Client) -> None:
    work = await begun(client, BATCH_SIZE)
    where = {**work.scope.match(), "_id": work.job["administrator_id"]}
    await work.scope.collection("administrators").update_one(where, {"$set": {"role": "ADMINISTRATOR"}})
    await bulk_jobs(client)
    done = await work.read()
    # No customer is assigned to the administrator any more: the batch is done, and none was tagged.
    assert (done.done, done.changed, await work.told()) == (BATCH_SIZE, 0, 0)


def another_job(work: Begun, number: int) -> Document:
    """A later job of the same partner, without batches."""
    return {**work.job, "_id": f"{work.job['_id']}-{number}"}


async def test_no_partner_waits_for_the_jobs_of_another(client: Client) -> None:
    work = await begun(client, BATCH_SIZE)
    jobs = client.collection("bulk_jobs")
    foreign = {"partner_id": "another", "administrator_id": "adm_none"}
    await jobs.insert_many([another_job(work, 1), *({**another_job(work, n), **foreign} for n in (2, 3))])
    assert [job["_id"] for job in await find_next_jobs(client)] == [another_job(work, 2)["_id"], work.job["_id"]]
    # The job of the other partner has no batches: it ends in the same round in which a batch of this one is done.
    assert await bulk_jobs(client) == 2
    assert (await work.read()).done == BATCH_SIZE
    assert [job["_id"] for job in await find_next_jobs(client)] == [another_job(work, 3)["_id"], work.job["_id"]]


async def test_a_partner_has_a_limited_number_of_unfinished_jobs(client: Client) -> None:
    work = await begun(client, 1)
    jobs, others = client.collection("bulk_jobs"), [another_job(work, n) for n in range(1, MAX_RUNNING_JOBS - 1)]
    await jobs.insert_many([*others, *({**another_job(work, n), "partner_id": "another"} for n in (90, 91, 92))])

    async def refusals() -> list[str]:
        mutation: Any = Mutation(work.scope, None, None, None, None)  # type: ignore[arg-type]
        await check_job_limit(mutation)
        return [str(error.code) for error in mutation.checks.errors]

    assert await refusals() == []
    await jobs.insert_many([another_job(work, 80)])
    assert await refusals() == ["LIMIT_REACHED"]
    await finish_job(work.scope, another_job(work, 80)["_id"], BulkJobState.DONE)
    assert await refusals() == []


async def test_the_batches_of_a_large_job_are_inserted_in_parts(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.tags.bulk_jobs._CUSTOMERS_OF_AN_INSERT", BATCH_SIZE)
    work = await begun(client, 2 * BATCH_SIZE + 1)
    assert [len(batch["ids"]) for batch in work.batches] == [BATCH_SIZE, BATCH_SIZE, 1]
    assert len({id_ for batch in work.batches for id_ in batch["ids"]}) == 2 * BATCH_SIZE + 1
    assert await bulk_jobs(client) == 3
    assert (await work.read()).changed == 2 * BATCH_SIZE + 1
