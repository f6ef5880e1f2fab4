"""Transactions: retried where they conflict, with jitter and a deadline, then UNAVAILABLE."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from domain.failures import Unavailable
from store.database.client import (
    Client,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    Session,
    operation_time,
    time_limit,
)

Result = TypeVar("Result")
OnCommit = Callable[[int], None]
DEADLINE_SECONDS = 8.0
# An attempt that begins in time may take so long beyond the deadline.
_GRACE_SECONDS = 1.0
_ABORT_SECONDS = 1.0
# The loop holds tasks weakly; these must live until they have ended.
_ending_tasks: set[asyncio.Task[None]] = set()
_MIN_BACKOFF, _MAX_BACKOFF = 0.005, 0.25


async def in_transaction(
    client: Client,
    body: Callable[[Session], Awaitable[Result]],
    *,
    deadline: float = DEADLINE_SECONDS,
    on_commit: OnCommit | None = None,
) -> Result:
    """Runs the body in one transaction; it may run several times, so it must start from what it reads.

    `on_commit` is told the cluster time of the commit.
    Unavailable where it could not be carried out before the deadline, or where its outcome stayed unknown.
    """
    try:
        async with asyncio.timeout(deadline + _GRACE_SECONDS):
            return await _retry_until_deadline(client, body, deadline, on_commit)
    except TimeoutError:
        # The driver bounds what it asks of the database, but not how long it waits for one of its own threads.
        raise Unavailable from None


async def _retry_until_deadline(
    client: Client, body: Callable[[Session], Awaitable[Result]], deadline: float, on_commit: OnCommit | None
) -> Result:
    ends, pause = monotonic() + deadline, _MIN_BACKOFF
    while True:
        try:
            return await _attempt(client, body, on_commit, ends - monotonic() + _GRACE_SECONDS)
        except PyMongoError as error:
            if not (error.timeout or _is_retryable(error)):
                raise
            if monotonic() + pause > ends:
                raise Unavailable from error
            if isinstance(error, ConnectionFailure):
                await _wait_for_server(client)
        await asyncio.sleep(random.uniform(_MIN_BACKOFF, pause))  # noqa: S311 (jitter, not a secret)
        pause = min(pause * 2, _MAX_BACKOFF)


async def _attempt(
    client: Client, body: Callable[[Session], Awaitable[Result]], on_commit: OnCommit | None, seconds: float
) -> Result:
    session = await client.start_session()
    try:
        with time_limit(seconds):
            await client.start_transaction(session)
            result = await body(session)
            await _commit(session)
        if on_commit is not None:
            on_commit(operation_time(session))
    except (ConnectionFailure, asyncio.CancelledError):
        # A database that is away must not hold up the answer.
        ending = asyncio.create_task(_end(session))
        _ending_tasks.add(ending)
        ending.add_done_callback(_ending_tasks.discard)
        raise
    except BaseException:
        await _end(session)
        raise
    await _end(session)
    return result


async def _end(session: Session) -> None:
    """Ends the session, which aborts a transaction that was left open."""
    with time_limit(_ABORT_SECONDS), suppress(PyMongoError):
        await session.end_session()


async def _commit(session: Session) -> None:
    try:
        await session.commit_transaction()
    except PyMongoError as error:
        if not error.has_error_label("UnknownTransactionCommitResult"):
            raise
        # Committing again is safe: the server remembers the outcome of this transaction number.
        await session.commit_transaction()


async def _wait_for_server(client: Client) -> None:
    """Waits for a server, no longer than one command may: where there is none by then, more attempts find none."""
    try:
        await client.command({"ping": 1})
    except PyMongoError as error:
        raise Unavailable from error


def _is_retryable(error: PyMongoError) -> bool:
    # Two writers that insert the same key meet as a duplicate: the second run reads what the first one wrote.
    transient = error.has_error_label("TransientTransactionError") or isinstance(error, DuplicateKeyError)
    return transient or _is_duplicate(error) or isinstance(error, ConnectionFailure)


def _is_duplicate(error: PyMongoError) -> bool:
    details = getattr(error, "details", None) or {}
    return any(failed.get("code") == 11000 for failed in details.get("writeErrors", ()))
