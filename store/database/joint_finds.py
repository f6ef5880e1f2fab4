"""Finds that operations request at about the same time, as one command: few documents by id, or equal finds.

A command takes as much processor time as the rest of a small operation, whether it reads one document or ten. Finds of
one turn of the event loop are joined, and those that are requested while a command like theirs is under way, which may
have read before they began: the next command reads for them. Only finds with equal conditions and projections are
joined, so that what one operation may not read is never read for it.
"""

from asyncio import Future, get_running_loop, sleep, wait
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from store.database.driver_events.command_spans import is_tracing
from store.database.joint_reads import JointRead
from store.database.kept_documents import Keepable, KeptDocuments

Document = dict[str, Any]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Kept = TypeVar("Kept", bound=Keepable)
Find = Callable[[list[str]], Awaitable[list[Document]]]


class FindAll(Protocol):
    """Finds at most `limit` documents for a condition and a projection."""

    def __call__(
        self, where: Mapping[str, Any], projection: Mapping[str, Any] | None, *, limit: int
    ) -> Awaitable[list[Document]]: ...


# A find of more ids is a command of its own: small operations do not wait for its documents.
MAX_JOINED_IDS = 10
# The ids of one command.
MAX_IDS = 100
# How long a command waits for one with the same name: longer than most take, also where the event loop is busy with
# what the last one has read, and little beside one that takes longer.
_MAX_WAIT_SECONDS = 0.02


class JointFinds:
    """The finds by id of one collection that are about to be sent.

    Documents are never changed, so several operations may get the same ones.
    """

    def __init__(self) -> None:
        self._commands: JointCommands[str, Document] = JointCommands()
        self._is_tracing = is_tracing()

    async def find_by_ids(
        self, find: FindAll, where: Mapping[str, Any], ids: Sequence[str], projection: Mapping[str, Any] | None
    ) -> list[Document]:
        """Return the documents with these ids that `find` finds for a condition and a projection, in any order.

        Values that are not strings make a condition one of its own. So do traces, which show each operation's commands.
        """

        def find_some(some: Sequence[str]) -> Awaitable[list[Document]]:
            return find({**where, "_id": {"$in": list(some)}}, projection, limit=len(some))

        if len(ids) > MAX_JOINED_IDS or self._is_tracing or not all(type(value) is str for value in where.values()):
            return await find_some(ids)
        key = (tuple(where.items()), None if projection is None else tuple(projection.items()))
        return await self.find(key, ids, find_some)

    async def find(self, key: Hashable, ids: Sequence[str], find: Find) -> list[Document]:
        """Return the documents with these ids, in any order; equal keys have the same `find`, which reads some ids."""

        async def find_by_id(some: list[str]) -> Mapping[str, Document]:
            return {document["_id"]: document for document in await find(some)}

        by_id = await self._commands.run(key, ids, find_by_id)
        return [by_id[id_] for id_ in ids if id_ in by_id]


class EqualFinds:
    """The finds of one collection that are about to be sent and equal in everything: they are one command.

    After a change, many clients read the same list at once. The command's documents are looked up once, too.
    """

    def __init__(self) -> None:
        self._commands: JointCommands[None, list[Any]] = JointCommands()
        self._is_tracing = is_tracing()

    async def find_kept(
        self, kept: KeptDocuments[Kept], find_raw: Callable[[], Awaitable[Sequence[bytes]]], arguments: Sequence[Any]
    ) -> list[Kept]:
        """Return the documents of a find with these arguments, in a list of the caller's own."""

        async def find() -> list[Kept]:
            return kept.read(await find_raw())

        # The printed form tells apart what compares equal: 1, 1.0 and true. A session prints its address.
        return await find() if self._is_tracing else await self.find((kept, repr(arguments)), find)

    async def find(self, key: Hashable, find: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        """Return what `find` returns, in a list of the caller's own; equal keys have the same `find`."""

        async def find_all(_keys: list[None]) -> Mapping[None, list[Any]]:
            return {None: await find()}

        return list((await self._commands.run(key, (), find_all))[None])


class JointCommands(Generic[Key, Value]):
    """Commands that are about to be sent, and those under way."""

    def __init__(self) -> None:
        self._open: dict[Hashable, JointRead[Key, Value]] = {}
        self._under_way: dict[Hashable, Future[None]] = {}

    async def run(
        self, name: Hashable, keys: Sequence[Key], read: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]]
    ) -> Mapping[Key, Value]:
        """Return what the command reads, at least for these keys; equal names have the same `read`."""
        while (command := self._open.get(name)) is not None and len(command.keys) + len(keys) <= MAX_IDS:
            command.add_keys(keys)
            if (found := await command.wait()) is not None:
                return found
        command = self._open[name] = JointRead(keys)
        try:
            await self._wait_for_others(name)
            # What is under way may have been read before a later caller began: that reads for itself.
            self._close(name, command)
            found = await self._send(name, read(list(command.keys)))
        except BaseException as failure:
            self._close(name, command)
            command.fail(failure)
            raise
        command.finish(found)
        return found

    async def _wait_for_others(self, name: Hashable) -> None:
        """Wait for the end of this turn, or for a command under way, so that more callers can join."""
        under_way = self._under_way.get(name)
        if under_way is None:
            await sleep(0)
        else:
            await wait([under_way], timeout=_MAX_WAIT_SECONDS)

    async def _send(self, name: Hashable, read: Awaitable[Mapping[Key, Value]]) -> Mapping[Key, Value]:
        ended = self._under_way[name] = get_running_loop().create_future()
        try:
            return await read
        finally:
            ended.set_result(None)
            if self._under_way.get(name) is ended:
                del self._under_way[name]

    def _close(self, name: Hashable, command: JointRead[Key, Value]) -> None:
        if self._open.get(name) is command:
            del self._open[name]
