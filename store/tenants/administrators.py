"""The administrators of a partner: their documents, and look-ups by id and by e-mail address."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.permissions import can_see_all_customers
from domain.text.contacts import fold_email, is_same_email
from domain.text.search import matches_word_prefixes
from domain.types import ActivityKind, AdministratorState, PartnerRole
from store.database.client import Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import (
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_or_none,
)
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document

COLLECTION = "administrators"
ADMINISTRATOR_INDEXES = (
    IndexModel([("partner_id", 1), ("email_folded", 1)], name="email", unique=True),
    IndexModel([("partner_id", 1), ("name_folded", 1), ("_id", 1)], name="name"),
)
_PROJECTION = {"delivered": 0, "partner_id": 0, "created_at": 0, "assignments_pending": 0}


class AdministratorDocument(StoredDocument):
    """An administrator as the API shows it.

    `invited_at` is the moment since which the administrator has access without a gap; older tokens are refused.
    """

    id = stored(str, "_id")
    email = stored(str)
    display_name = stored(str)
    name_folded = stored(str)
    role = stored(PartnerRole)
    state = stored(AdministratorState)
    last_sign_in_at = stored_or_none(datetime)
    version = stored(int)
    invited_at = stored_or_none(datetime)

    @derived("role")
    def can_see_all_customers(self) -> bool:
        """True for the roles that see every customer without an assignment."""
        return can_see_all_customers(self.role)


class Administrators:
    """The administrators of one scope, including removed ones: the activity log still names them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def by_ids(
        self, ids: Sequence[str], projection: Projection = None, *, session: Session = None
    ) -> dict[str, AdministratorDocument]:
        """Return the administrators by id, in one query; ids of no administrator are left out."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        fields = _PROJECTION if projection is None else projection_document(projection)
        documents = await self._collection.find(where, fields, session=session)
        return {document["_id"]: AdministratorDocument(document) for document in documents}

    async def find(self, id_: str, *, session: Session = None) -> AdministratorDocument | None:
        """Return the administrator with the id."""
        return (await self.by_ids([id_], session=session)).get(id_)

    async def find_active(self, id_: str | None, *, session: Session = None) -> AdministratorDocument | None:
        """Return the administrator with the id; None where they do not exist, are invited only or were removed."""
        administrator = None if id_ is None else await self.find(id_, session=session)
        if administrator is None or administrator.state is not AdministratorState.ACTIVE:
            return None
        return administrator

    async def listing(
        self, roles: Sequence[str] | None, states: Sequence[str] | None, prefixes: Sequence[str] | None
    ) -> Listing[AdministratorDocument]:
        """Return the administrators by name, without removed ones; `prefixes` are those of words of name or address."""
        listed = {state for state in AdministratorState if states is None or state in states}
        listed_states = sorted(map(str, listed - {AdministratorState.DEACTIVATED}))
        where: Document = {**self._scope.match(), "state": {"$in": listed_states}}
        if roles is not None:
            where["role"] = {"$in": [str(role) for role in roles]}
        if prefixes is not None:
            where["_id"] = {"$in": await self._find_matching_ids(where, prefixes)}
        columns = (Column("name_folded"), Column("_id"))
        return Listing(self._scope, COLLECTION, where, columns, AdministratorDocument, (roles, states, prefixes))

    async def _find_matching_ids(self, where: Document, prefixes: Sequence[str]) -> list[str]:
        """Compare the words in Python: a partner has few administrators, so no index of words is needed."""
        documents = await self._collection.find(where, {"display_name": 1, "email": 1})
        return [
            document["_id"]
            for document in documents
            if matches_word_prefixes(f"{document['display_name']} {document['email']}", prefixes)
        ]

    async def by_email(self, email: str) -> AdministratorDocument | None:
        """Return the administrator with the address, ignoring the case of its letters."""
        where = {**self._scope.match(), "email_folded": fold_email(email)}
        document = await self._collection.find_one(where, _PROJECTION)
        if document is None or not is_same_email(document["email"], email):
            return None
        return AdministratorDocument(document)

    async def activate(self, administrator_id: str, issued_at: datetime) -> AdministratorDocument | None:
        """Make an invited administrator active by a token of `issued_at`.

        Return None where it is no longer INVITED, or was invited after the token was issued.
        """
        attempt = partial(self._activate, administrator_id, issued_at)
        return await in_transaction(self._scope.client, attempt)

    async def _activate(
        self, administrator_id: str, issued_at: datetime, session: Session
    ) -> AdministratorDocument | None:
        scope, before, after = self._scope, AdministratorState.INVITED, AdministratorState.ACTIVE
        now = utc_now()
        is_older = {"invited_at": {"$not": {"$gt": issued_at}}}
        where = {**scope.match(), "_id": administrator_id, "state": before, **is_older}
        change = {"$set": {"state": after, "updated_at": now}, "$inc": {"version": 1}}
        administrator = await self._collection.find_one_and_update(where, change, session=session)
        if administrator is None:
            return None
        summary = f"{administrator['display_name']} signed in for the first time"
        draft = EventDraft(ActivityKind.ADMINISTRATOR_CHANGED, administrator_id, summary, {"state": [before, after]})
        shared = {**NO_CUSTOMER, "actor_id": administrator_id}
        event = event_document(scope.partner_id, now, shared, draft)
        await scope.collection("events").insert_many([event], session=session)
        return AdministratorDocument(administrator)
