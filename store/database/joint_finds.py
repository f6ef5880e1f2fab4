"""Finds that operations request in one turn of the event loop, as one command: few documents by id, or equal finds.

A command takes as much processor time as the rest of a small operation, whether it reads one document or ten. Only
finds with equal conditions and projections are joined, so that what one operation may not read is never read for it.
"""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from store.database.command_spans import is_tracing
from store.database.joint_reads import JointRead
from store.database.kept_documents import Keepable, KeptDocuments

Document = dict[str, Any]
Kept = TypeVar("Kept", bound=Keepable)
Find = Callable[[list[str]], Awaitable[list[Document]]]
FindAll = Callable[[Mapping[str, Any], Mapping[str, Any] | None], Awaitable[list[Document]]]
# A find of more ids is a command of its own: small operations do not wait for its documents.
MAX_JOINED_IDS = 10
# The ids of one command.
MAX_IDS = 100


class JointFinds:
    """The finds of one collection that are about to be sent.

    Documents are never changed, so several operations may get the same ones.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, JointRead[str, Document]] = {}

    async def find_by_ids(
        self, find: FindAll, where: Mapping[str, Any], ids: Sequence[str], projection: Mapping[str, Any] | None
    ) -> list[Document]:
        """Return the documents with these ids that `find` finds for a condition and a projection, in any order.

        Values that are not strings make a condition one of its own. So do traces, which show each operation's commands.
        """

        def find_some(some: Sequence[str]) -> Awaitable[list[Document]]:
            return find({**where, "_id": {"$in": list(some)}}, projection)

        if len(ids) > MAX_JOINED_IDS or is_tracing() or not all(type(value) is str for value in where.values()):
            return await find_some(ids)
        key = (tuple(where.items()), None if projection is None else tuple(projection.items()))
        return await self.find(key, ids, find_some)

    async def find(self, key: Hashable, ids: Sequence[str], find: Find) -> list[Document]:
        """Return the documents with these ids, in any order; equal keys have the same `find`, which reads some ids."""
        while (joint_find := self._open.get(key)) is not None and len(joint_find.keys) + len(ids) <= MAX_IDS:
            joint_find.add_keys(ids)
            if (by_id := await joint_find.wait()) is not None:
                return _choose(by_id, ids)
        joint_find = self._open[key] = JointRead(ids)
        try:
            await sleep(0)
            self._close(key, joint_find)
            by_id = {document["_id"]: document for document in await find(list(joint_find.keys))}
        except BaseException as failure:
            self._close(key, joint_find)
            joint_find.fail(failure)
            raise
        joint_find.finish(by_id)
        return _choose(by_id, ids)

    def _close(self, key: Hashable, joint_find: JointRead[str, Document]) -> None:
        """Let later requests read for themselves: what is under way may have been read before they began."""
        if self._open.get(key) is joint_find:
            del self._open[key]


class EqualFinds:
    """The finds of one collection that are about to be sent and equal in everything: they are one command.

    After a change, many clients read the same list at once. The command's documents are looked up once, too.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, JointRead[None, list[Any]]] = {}

    async def find_kept(
        self, kept: KeptDocuments[Kept], open_cursor: Callable[[], Any], arguments: Sequence[Any]
    ) -> list[Kept]:
        """Return the documents of the cursor of a find with these arguments, in a list of the caller's own."""

        async def find() -> list[Kept]:
            return kept.read(await open_cursor().to_list(None))

        # The printed form tells apart what compares equal: 1, 1.0 and true. A session prints its address.
        return await find() if is_tracing() else await self.find((kept, repr(arguments)), find)

    async def find(self, key: Hashable, find: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        """Return what `find` returns, in a list of the caller's own; equal keys have the same `find`."""
        while (joint_find := self._open.get(key)) is not None:
            if (found := await joint_find.wait()) is not None:
                return list(found[None])
        joint_find = self._open[key] = JointRead(())
        try:
            await sleep(0)
            self._close(key, joint_find)
            documents = await find()
        except BaseException as failure:
            self._close(key, joint_find)
            joint_find.fail(failure)
            raise
        joint_find.finish({None: documents})
        return list(documents)

    def _close(self, key: Hashable, joint_find: JointRead[None, list[Any]]) -> None:
        """Let later finds read for themselves: what is under way may have been read before they began."""
        if self._open.get(key) is joint_find:
            del self._open[key]


def _choose(by_id: Mapping[str, Document], ids: Sequence[str]) -> list[Document]:
    return [by_id[id_] for id_ in ids if id_ in by_id]
