"""Requests to the partner helpdesk: their documents, and reads of those that the viewer may see."""

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
    """A request with the attributes of the API's type HelpdeskRequest."""

    id: str
    topic: HelpdeskTopic
    subject: str
    message: str
    state: HelpdeskRequestState
    customer_id: str | None
    author_id: str
    created_at: datetime
    closed_at: datetime | None
    closed_by_id: str | None

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a document of the collection."""
        copied = {name: document[name] for name in ("subject", "message", "customer_id", "author_id", "created_at")}
        topic, state = HelpdeskTopic(document["topic"]), HelpdeskRequestState(document["state"])
        return cls(
            id=document["_id"],
            topic=topic,
            state=state,
            closed_at=document.get("closed_at"),
            closed_by_id=document.get("closed_by_id"),
            **copied,
        )


class HelpdeskRequests:
    """The viewer's own requests; all requests for a FULL_ADMINISTRATOR."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def listing(self, states: Sequence[HelpdeskRequestState] | None = None) -> Listing[HelpdeskRequestDocument]:
        """Return the list of visible requests in one of the states, newest first; None stands for every state."""
        where = match_visible_requests(self._scope)
        identity = (where.get("author_id"), states)
        if states is not None:
            where["state"] = {"$in": [str(state) for state in states]}
        return Listing(self._scope, COLLECTION, where, _COLUMNS, HelpdeskRequestDocument.read, identity)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, HelpdeskRequestDocument]:
        """Return the visible requests with these ids, by id, in one query."""
        where = {**match_visible_requests(self._scope), "_id": {"$in": list(ids)}}
        documents = await self._scope.collection(COLLECTION).find(where)
        return {document["_id"]: HelpdeskRequestDocument.read(document) for document in documents}


def match_visible_requests(scope: Scope) -> Document:
    """Return the condition of the requests that the viewer may read and close."""
    if can_read_all_requests(scope.role):
        return scope.match()
    return {**scope.match(), "author_id": scope.administrator_id}
