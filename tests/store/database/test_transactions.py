"""Commits whose answer is late or lost: the transaction is not repeated, and its outcome is found out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import AsyncMock

import pytest

from domain.failures import OutcomeUnknown, Unavailable
from domain.imports.records import ImportKind
from store.database import repeat_turns
from store.database.client import (
    Client,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    Session,
)
from store.database.scope import Scope
from store.database.transactions import in_transaction
from tests.domain.imports.factory_records import customer_record, invoice_record, subscription_record
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.store.factory_customers import partner_scope


class LateCommitClient(Client):
    """The database commits, but the first `late_answers` answers of each commit do not arrive."""

    late_answers = 0
    error: PyMongoError = ExecutionTimeout("late")

    async def start_session(self) -> Session:
        """Return a session whose commits answer late."""
        session = await super().start_session()
        commit, left = session.commit_transaction, self.late_answers

        async def commit_late() -> None:
            nonlocal left
            await commit()
            if left:
                left -= 1
                self.error._add_error_label("UnknownTransactionCommitResult")
                raise self.error

        session.commit_transaction = commit_late
        return session


@pytest.fixture(params=["motor", "pymongo"])
async def client(mongo_uri: str, database_name: str, request: Any) -> AsyncIterator[LateCommitClient]:
    """Yield a client on the test's database."""
    opened = LateCommitClient(mongo_uri, database_name, driver=request.param)
    yield opened
    await opened.close()


async def insert_tag(client: Client) -> int:
    """Insert a document with a new id in one transaction; return how often the transaction was tried."""
    attempts = 0

    async def body(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        await client.collection("notes").insert_many([{"partner_id": "acme"}], session=session)

    await in_transaction(client, body)
    return attempts


async def test_a_commit_with_a_late_answer_is_sent_again_and_the_body_is_not_repeated(client: LateCommitClient) -> None:
    client.late_answers = 3
    assert await insert_tag(client) == 1
    assert await client.collection("notes").count({}) == 1


async def test_an_outcome_that_cannot_be_found_out_is_not_repeated(client: LateCommitClient) -> None:
    client.late_answers, client.error = 1, ServerSelectionTimeoutError("down")
    with pytest.raises(OutcomeUnknown):
        await insert_tag(client)
    assert await client.collection("notes").count({}) == 1


async def test_an_import_reports_what_it_added_where_every_commit_answers_late(client: LateCommitClient) -> None:
    scope: Scope = await partner_scope(client)
    client.late_answers = 2
    invoices = [invoice_record(f"INV-{number}") for number in range(20)]
    assert (await import_lines(scope, ImportKind.CUSTOMERS, customer_record())).counts == (1, 0, 0, 0)
    assert (await import_lines(scope, ImportKind.SUBSCRIPTIONS, subscription_record())).counts == (1, 0, 0, 0)
    assert (await import_lines(scope, ImportKind.INVOICES, *invoices)).counts == (20, 0, 0, 0)
    assert len(await documents(scope, "invoices")) == 20
    assert len(await documents(scope, "events", kind="INVOICE_CHANGED")) == 20


async def test_a_missing_server_is_waited_for_once(client: LateCommitClient) -> None:
    async def find_no_server(_: Session) -> None:
        raise ServerSelectionTimeoutError("no primary within 3 s")

    client.command = AsyncMock()  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await in_transaction(client, find_no_server)
    client.command.assert_not_awaited()


async def test_conflicting_writers_take_turns(client: LateCommitClient) -> None:
    counters, attempts = client.collection("counters"), 0
    await counters.insert_many([{"_id": "one", "value": 0}])

    async def add_one(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        before = await counters.find_one({"_id": "one"}, session=session)
        assert before is not None
        await asyncio.sleep(0.01)
        await counters.update_one({"_id": "one"}, {"$set": {"value": before["value"] + 1}}, session=session)

    await asyncio.gather(*(in_transaction(client, add_one) for _ in range(20)))
    assert await counters.find_one({"_id": "one"}) == {"_id": "one", "value": 20}
    # Each writer conflicts once; a repeat conflicts only with a writer that is not repeating.
    assert attempts <= 60


async def test_a_repeat_does_not_wait_long_for_its_turn(client: LateCommitClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(repeat_turns, "_MAX_STANDSTILL_SECONDS", 0.05)
    attempts = 0

    async def fail_once(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise DuplicateKeyError("a key that another transaction has inserted")

    async with client.repeat_turns.turn():
        await in_transaction(client, fail_once)
    assert attempts == 2
