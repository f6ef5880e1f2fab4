"""Requests to the partner helpdesk: their documents, and reads of those that the viewer may see."""

from collections.abc import Sequence
from datetime import datetime

from domain.partner.helpdesk import HelpdeskRequestState, HelpdeskTopic, can_read_all_requests
from store.database.client import Document, IndexModel
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, stored, stored_or_none

COLLECTION = "helpdesk_requests"
_COLUMNS = (Column("created_at", -1, "instant"), Column("_id", -1))
_ORDER = [(column.field, column.direction) for column in _COLUMNS]
HELPDESK_INDEXES = (
    IndexModel([("partner_id", 1), *_ORDER], name="newest"),
    IndexModel([("partner_id", 1), ("author_id", 1), *_ORDER], name="author_newest"),
)


class HelpdeskRequestDocument(StoredDocument):
    """A request with the attributes of the API's type HelpdeskRequest."""

    id = stored(str, "_id")
    topic = stored(HelpdeskTopic)
    subject = stored(str)
    message = stored(str)
    state = stored(HelpdeskRequestState)
    customer_id = stored_or_none(str)
    author_id = stored(str)
    created_at = stored(datetime)
    closed_at = stored_or_none(datetime)
    closed_by_id = stored_or_none(str)


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
        return Listing(self._scope, COLLECTION, where, _COLUMNS, HelpdeskRequestDocument, identity)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, HelpdeskRequestDocument]:
        """Return the visible requests with these ids, by id, in one query."""
        where = {**match_visible_requests(self._scope), "_id": {"$in": list(ids)}}
        documents = await self._scope.collection(COLLECTION).find(where)
        return {document["_id"]: HelpdeskRequestDocument(document) for document in documents}


def match_visible_requests(scope: Scope) -> Document:
    """Return the condition of the requests that the viewer may read and close."""
    if can_read_all_requests(scope.role):
        return scope.match()
    return {**scope.match(), "author_id": scope.administrator_id}
