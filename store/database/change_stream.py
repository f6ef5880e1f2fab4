"""A change stream over motor or PyMongo's asynchronous client."""

from collections.abc import Mapping, Sequence
from inspect import isawaitable
from typing import Any

Document = dict[str, Any]


class ChangeStream:
    """A change stream over one collection.

    With motor, `watch` alone opens nothing; `open` therefore reads once, so that no later change is missed.
    """

    def __init__(self, raw: Any, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> None:
        self._raw = raw
        self._pipeline = pipeline
        self._options = options
        self._stream: Any = None

    async def open(self) -> list[Document]:
        """Open the stream; return the changes that are available already."""
        stream = self._raw.watch(self._pipeline, **self._options)
        self._stream = stream if hasattr(stream, "try_next") else await stream
        return await self.next_batch()

    async def next_batch(self) -> list[Document]:
        """Return the changes of the server's next reply, in order; empty where none came within max_await_time_ms.

        All but the first are in the driver's memory already. Motor would use a thread, some 0.1 ms, for each of them,
        and a bulk import writes thousands: read them from the stream that motor wraps.
        """
        first: Document | None = await self._stream.try_next()
        if first is None:
            return []
        inner: Any = getattr(self._stream, "delegate", self._stream)
        batch = [first]
        while inner._cursor._has_next():
            change = inner.try_next()
            batch.append(await change if isawaitable(change) else change)
        return batch

    @property
    def is_alive(self) -> bool:
        """Return False once the server closed the stream (its collection was dropped): reads then return nothing."""
        return bool(self._stream.alive)

    @property
    def resume_token(self) -> Document | None:
        """Return the token after the last change read, or after an empty batch."""
        token: Document | None = self._stream.resume_token
        return token

    async def close(self) -> None:
        """Close the stream on the server."""
        if self._stream is not None:
            await self._stream.close()
