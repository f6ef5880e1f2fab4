"""Transactions: retried where they conflict, with jitter and a deadline, then UNAVAILABLE."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from domain.failures import Unavailable
from store.client import Client, ConnectionFailure, DuplicateKeyError, PyMongoError, Session, operation_time

Result = TypeVar("Result")
OnCommit = Callable[[int], None]
DEADLINE_SECONDS = 8.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.25


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
    ends, pause = monotonic() + deadline, _FIRST_PAUSE
    while True:
        try:
            return await _attempt(client, body, on_commit)
        except PyMongoError as error:
            if not _may_repeat(error):
                raise
            if monotonic() + pause > ends:
                raise Unavailable from error
        await asyncio.sleep(random.uniform(_FIRST_PAUSE, pause))  # noqa: S311 (jitter, not a secret)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _attempt(client: Client, body: Callable[[Session], Awaitable[Result]], on_commit: OnCommit | None) -> Result:
    session = await client.start_session()
    try:
        await client.start_transaction(session)
        result = await body(session)
        await _commit(session)
        if on_commit is not None:
            on_commit(operation_time(session))
        return result
    finally:
        # Ending a session aborts a transaction that was left open.
        await session.end_session()


async def _commit(session: Session) -> None:
    try:
        await session.commit_transaction()
    except PyMongoError as error:
        if not error.has_error_label("UnknownTransactionCommitResult"):
            raise
        # Committing again is safe: the server remembers the outcome of this transaction number.
        await session.commit_transaction()


def _may_repeat(error: PyMongoError) -> bool:
    # Two writers that insert the same key meet as a duplicate: the second run reads what the first one wrote.
    transient = error.has_error_label("TransientTransactionError") or isinstance(error, DuplicateKeyError)
    return transient or _is_duplicate(error) or isinstance(error, ConnectionFailure)


def _is_duplicate(error: PyMongoError) -> bool:
    details = getattr(error, "details", None) or {}
    return any(failed.get("code") == 11000 for failed in details.get("writeErrors", ()))
