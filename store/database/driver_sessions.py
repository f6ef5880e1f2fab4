"""Sessions of either driver: begun and ended without a thread of motor's pool, where that sends no command.

A transaction has six to eight steps, each of which takes about a millisecond with its thread.
"""

from typing import Any


def start_session(client: Any, *, is_motor: bool) -> Any:
    """Return a causally consistent session of the driver's client."""
    if is_motor:
        return client.wrap(client.delegate.start_session(causal_consistency=True))
    return client.start_session(causal_consistency=True)


async def end_session(session: Any, *, is_motor: bool) -> None:
    """End a session; to abort its open transaction sends a command."""
    if is_motor and not session.in_transaction:
        session.delegate.end_session()
    else:
        await session.end_session()


def operation_time(session: Any) -> int:
    """Return the cluster time of the session's last operation: 64 bits, seconds in the upper half; 0 before any."""
    timestamp = session.operation_time
    # A transaction without any command has no time.
    return 0 if timestamp is None else int(timestamp.time) << 32 | int(timestamp.inc)
