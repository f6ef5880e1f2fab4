"""Finds that are one command each: the driver's cursor, with all its objects, takes as long as a small find itself.

Raw documents are taken from the reply by their lengths (https://bsonspec.org/spec.html): PyMongo makes an object of
each first. Where a connection was lost, or the reply does not contain all documents, the find is repeated with a cursor
of the driver, which tries again and reads on.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any, Unpack

from store.database.find_options import BATCH_DOCUMENTS, FindOptions, open_cursor
from store.database.kept_documents import NAIVE, RAW, split_batch

Document = dict[str, Any]
_FIRST_BATCH, _CURSOR_ID, _DOCUMENT = b"\x04firstBatch\x00", b"\x12id\x00", 0x03
_read_length, _read_id = Struct("<i").unpack_from, Struct("<q").unpack_from


class FindCommands:
    """The finds of one collection of a driver; after one of `failures` the driver's cursor may succeed."""

    def __init__(self, collection: Any, failures: tuple[type[Exception], ...]) -> None:
        self._collection, self._failures = collection, failures

    async def find(
        self, where: Mapping[str, Any], projection: Mapping[str, Any] | None = None, **options: Unpack[FindOptions]
    ) -> list[Document]:
        """Return the matching documents. Those without a limit, and those of a session, are read by a cursor."""
        if 0 < options.get("limit", 0) <= BATCH_DOCUMENTS and options.get("session") is None:
            reply = await self._run(NAIVE, where, projection, **options)
            if reply is not None and await self._is_whole(reply["cursor"]["id"]):
                documents: list[Document] = reply["cursor"]["firstBatch"]
                return documents
        return list(await open_cursor(self._collection.find, where, projection, **options).to_list(None))

    async def find_raw(
        self, where: Mapping[str, Any], projection: Mapping[str, Any], **options: Unpack[FindOptions]
    ) -> list[bytes]:
        """Return the matching documents in BSON."""
        if options.get("session") is None:
            reply = await self._run(RAW, where, projection, **options)
            batch = None if reply is None else read_first_batch(bytes(reply["cursor"].raw))
            if batch is not None and await self._is_whole(batch[1]):
                return batch[0]
        batches = await open_cursor(self._collection.find_raw_batches, where, projection, **options).to_list(None)
        return [document for batch in batches for document in split_batch(batch)]

    async def _run(
        self,
        codec: Any,
        where: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
        **options: Unpack[FindOptions],
    ) -> Any:
        """Return the reply; None where a cursor of the driver may succeed."""
        command = find_command(self._collection.name, where, projection, **options)
        try:
            return await self._collection.database.command(command, codec_options=codec)
        except self._failures as failure:
            if getattr(failure, "timeout", False):
                # There is no time left to try again.
                raise
            return None

    async def _is_whole(self, cursor_id: int) -> bool:
        """Return whether the reply has all documents; close the cursor of the others."""
        if cursor_id:
            await self._collection.database.command({"killCursors": self._collection.name, "cursors": [cursor_id]})
        return not cursor_id


def find_command(
    name: str, where: Mapping[str, Any], projection: Mapping[str, Any] | None, **options: Unpack[FindOptions]
) -> Document:
    """Return the command `find` that a cursor of the driver would send first."""
    limit, sort = options.get("limit", 0), options.get("sort")
    command = {"find": name, "filter": where, "batchSize": max(limit, BATCH_DOCUMENTS)}
    command["readConcern"] = {"level": "majority"}
    if projection is not None:
        command["projection"] = projection
    if sort:
        command["sort"] = dict(sort)
    if limit:
        command["limit"] = limit
    if options.get("skip"):
        command["skip"] = options["skip"]
    if options.get("hint") is not None:
        command["hint"] = options["hint"]
    return command


def read_first_batch(cursor: bytes) -> tuple[list[bytes], int] | None:
    """Return the documents of a reply's `cursor` and the id of what follows, 0 for nothing; None for another form."""
    documents: list[bytes] = []
    if not cursor.startswith(_FIRST_BATCH, 4):
        return None
    start = 4 + len(_FIRST_BATCH)
    position, end = start + 4, start + _read_length(cursor, start)[0]
    # An array is a document with the names 0, 1, 2 and so on; a null byte ends each name, and the array.
    while position < end - 1:
        if cursor[position] != _DOCUMENT:
            return None
        position = cursor.index(0, position + 1) + 1
        length: int = _read_length(cursor, position)[0]
        documents.append(cursor[position : position + length])
        position += length
    if not cursor.startswith(_CURSOR_ID, end):
        return None
    return documents, _read_id(cursor, end + len(_CURSOR_ID))[0]
