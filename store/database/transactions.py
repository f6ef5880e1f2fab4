"""Transactions: retried on conflicts with jittered backoff until a deadline, then UNAVAILABLE.

Transactions that conflicted take turns within the process: without turns, twenty writers of one customer abort each
other's attempts until the deadline.

A transaction is repeated only where it is known not to be committed. A commit whose answer is late or lost is sent
again until its outcome is known, also after the deadline of the conflicts.

The driver's own `with_transaction` is not used: it retries for 120 s, and 100 writers on one document took up to 8 s
through motor.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from time import monotonic
from typing import TypeVar

from domain.failures import OutcomeUnknown, Unavailable
from store.database.client import (
    Client,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    ServerSelectionTimeoutError,
    Session,
    time_limit,
)
from store.database.driver_sessions import operation_time

Result = TypeVar("Result")
OnCommit = Callable[[int], None]
# With the grace it ends before the time of an operation (OPERATION_TIMEOUT_SECONDS): the caller learns why.
DEADLINE_SECONDS = 6.5
# An attempt that starts before the deadline may end this much after it.
_GRACE_SECONDS = 1.0
# Until then the outcome of a commit is known, or given up, where the deadline is not longer.
MAX_COMMIT_SECONDS = DEADLINE_SECONDS + _GRACE_SECONDS
_ABORT_SECONDS = 1.0
# A commit is not sent with less time than this.
_MIN_COMMIT_SECONDS = 0.1
# The event loop holds tasks by weak references only; keep these until they are done.
_ending_tasks: set[asyncio.Task[None]] = set()
_MIN_BACKOFF, _MAX_BACKOFF = 0.005, 0.25


async def in_transaction(
    client: Client,
    body: Callable[[Session], Awaitable[Result]],
    *,
    deadline: float = DEADLINE_SECONDS,
    on_commit: OnCommit | None = None,
) -> Result:
    """Run `body` in one transaction and return its result.

    The body may run several times, so it must have no effects but its writes in the session. `on_commit` receives the
    cluster time of the commit. Raise Unavailable where no attempt succeeds within `deadline` seconds, OutcomeUnknown
    where a commit was sent and has no known outcome after DEADLINE_SECONDS.
    """
    limits = _TimeLimits(deadline)
    try:
        async with limits.timeout:
            return await _retry_until_deadline(client, body, limits, on_commit)
    except TimeoutError:
        # The driver limits the time of its commands, but not of waiting for a thread of its pool.
        raise (OutcomeUnknown if limits.is_committing else Unavailable) from None


class _TimeLimits:
    """When the attempts of a transaction end, and later when its commit ends."""

    def __init__(self, deadline: float) -> None:
        self._began_at = monotonic()
        self.last_attempt = self._began_at + deadline
        self._commit_seconds = max(deadline, DEADLINE_SECONDS) + _GRACE_SECONDS
        self.timeout = asyncio.timeout(deadline + _GRACE_SECONDS)
        self.is_committing = False

    def body_seconds(self) -> float:
        """Return how long an attempt may take until its commit."""
        return self.last_attempt - monotonic() + _GRACE_SECONDS

    def begin_commit(self) -> None:
        """Replace the limit of the attempt by that of a commit."""
        self.is_committing = True
        self.timeout.reschedule(asyncio.get_running_loop().time() + self.commit_seconds())

    def end_commit(self) -> None:
        """Restore the limit of the attempts: the commit has an outcome, and the transaction may be repeated."""
        self.is_committing = False
        self.timeout.reschedule(asyncio.get_running_loop().time() + self.body_seconds())

    def end(self) -> None:
        """Remove the limit: what is committed cannot fail any more."""
        self.is_committing = False
        self.timeout.reschedule(None)

    def commit_seconds(self) -> float:
        """Return how long a commit may still take."""
        return self._began_at + self._commit_seconds - monotonic()


async def _retry_until_deadline(
    client: Client, body: Callable[[Session], Awaitable[Result]], limits: _TimeLimits, on_commit: OnCommit | None
) -> Result:
    backoff = _MIN_BACKOFF
    turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    while True:
        try:
            async with turn():
                return await _attempt(client, body, on_commit, limits)
        except PyMongoError as error:
            if not (error.timeout or _is_retryable(error)):
                raise
            # A server was already waited for.
            if isinstance(error, ServerSelectionTimeoutError) or monotonic() + backoff > limits.last_attempt:
                raise Unavailable from error
            if isinstance(error, ConnectionFailure):
                await _wait_for_server(client)
            else:
                turn = client.repeat_turns.turn
        await asyncio.sleep(random.uniform(_MIN_BACKOFF, backoff))  # noqa: S311 (jitter, not a secret)
        backoff = min(backoff * 2, _MAX_BACKOFF)


async def _attempt(
    client: Client, body: Callable[[Session], Awaitable[Result]], on_commit: OnCommit | None, limits: _TimeLimits
) -> Result:
    session = await client.start_session()
    try:
        with time_limit(limits.body_seconds()):
            await client.start_transaction(session)
            result = await body(session)
        await _commit(session, limits)
        committed_at = operation_time(session)
        client.last_commit = max(client.last_commit, committed_at)
        if on_commit is not None:
            on_commit(committed_at)
    except (ConnectionFailure, OutcomeUnknown, asyncio.CancelledError):
        # End the session in the background: a database that is down must not delay the response.
        ending = asyncio.create_task(_end(client, session))
        _ending_tasks.add(ending)
        ending.add_done_callback(_ending_tasks.discard)
        raise
    except BaseException:
        await _end(client, session)
        raise
    await _end(client, session)
    return result


async def _end(client: Client, session: Session) -> None:
    """End the session, which aborts its open transaction."""
    with time_limit(_ABORT_SECONDS), suppress(PyMongoError):
        await client.end_session(session)


async def _commit(session: Session, limits: _TimeLimits) -> None:
    """Commit, again and again until the outcome is known.

    Committing again is safe: the server remembers the outcome of this transaction number.
    """
    limits.begin_commit()
    backoff = _MIN_BACKOFF
    while True:
        try:
            with time_limit(max(limits.commit_seconds(), _MIN_COMMIT_SECONDS)):
                await session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult"):
                limits.end_commit()
                raise
            if isinstance(error, ServerSelectionTimeoutError) or limits.commit_seconds() < _MIN_COMMIT_SECONDS:
                raise OutcomeUnknown from error
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _MAX_BACKOFF)
        else:
            limits.end()
            return


async def _wait_for_server(client: Client) -> None:
    """Wait for a server, at most as long as one command may take; raise Unavailable where there is none by then."""
    try:
        await client.command({"ping": 1})
    except PyMongoError as error:
        raise Unavailable from error


def _is_retryable(error: PyMongoError) -> bool:
    # Two transactions that insert the same key conflict as a duplicate: a retry reads what the first one wrote.
    transient = error.has_error_label("TransientTransactionError") or isinstance(error, DuplicateKeyError)
    return transient or _is_duplicate(error) or isinstance(error, ConnectionFailure)


def _is_duplicate(error: PyMongoError) -> bool:
    details = getattr(error, "details", None) or {}
    return any(failed.get("code") == 11000 for failed in details.get("writeErrors", ()))
