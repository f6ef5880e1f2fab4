"""Requests to the partner helpdesk: their documents, and the lists and look-ups of those that one viewer may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.partner.helpdesk import HelpdeskRequestState, HelpdeskTopic, can_read_all_requests
from store.database.client import Document, IndexModel
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope

COLLECTION = "helpdesk_requests"
_COLUMNS = (Column("created_at", -1, "instant"), Column("_id", -1))
_ORDER = [(column.field, column.direction) for column in _COLUMNS]
HELPDESK_INDEXES = (
    IndexModel([("partner_id", 1), *_ORDER], name="newest"),
    IndexModel([("partner_id", 1), ("author_id", 1), *_ORDER], name="author_newest"),
)


@dataclass(frozen=True, slots=True)
class HelpdeskRequestDocument:
    """A request, as the API shows it."""

    id: str
    topic: HelpdeskTopic
    subject: str
    message: str
    state: HelpdeskRequestState
    customer_id: str | None
    author_id: str
    created_at: datetime

    @classmethod
    def read(cls, document: Document) -> Self:
        """The typed form of a document of the collection."""
        same = {name: document[name] for name in ("subject", "message", "customer_id", "author_id", "created_at")}
        topic, state = HelpdeskTopic(document["topic"]), HelpdeskRequestState(document["state"])
        return cls(id=document["_id"], topic=topic, state=state, **same)


class HelpdeskRequests:
    """The requests that the viewer wrote; all of them for a FULL_ADMINISTRATOR."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def listing(self) -> Listing[HelpdeskRequestDocument]:
        """All in sight, the newest first."""
        where = match_visible_requests(self._scope)
        whose = where.get("author_id")
        return Listing(self._scope, COLLECTION, where, _COLUMNS, HelpdeskRequestDocument.read, whose)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, HelpdeskRequestDocument]:
        """Those of the ids that are requests in sight, in one query."""
        where = {**match_visible_requests(self._scope), "_id": {"$in": list(ids)}}
        found = await self._scope.collection(COLLECTION).find(where)
        return {document["_id"]: HelpdeskRequestDocument.read(document) for document in found}


def match_visible_requests(scope: Scope) -> Document:
    """The condition that a request must fulfil for the viewer to read and to close it."""
    return (
        scope.match() if can_read_all_requests(scope.role) else {**scope.match(), "author_id": scope.administrator_id}
    )
