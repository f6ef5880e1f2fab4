"""The mutations that create and close helpdesk requests; each function is the body of one transaction."""

from domain.inputs import value_or_none
from domain.messages import translatable
from domain.partner.helpdesk import (
    MAX_MESSAGE_LENGTH,
    MAX_SUBJECT_LENGTH,
    CloseHelpdeskRequest,
    HelpdeskRequestState,
    RequestHelpdesk,
)
from domain.types import ActivityKind
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.organization.helpdesk import COLLECTION, match_visible_requests
from store.tenants.administrators import Administrators


async def request_helpdesk(mutation: Mutation[RequestHelpdesk]) -> ChangedObject:
    """Insert a request."""
    checks, input = mutation.checks, mutation.input
    subject = checks.read_line(input.subject, MAX_SUBJECT_LENGTH, translatable("The subject"), "subject")
    message = checks.read_lines(input.message, MAX_MESSAGE_LENGTH, translatable("The message"), "message")
    customer_id = value_or_none(input.customer)
    await _check_customer(mutation, customer_id)
    checks.raise_if_invalid()
    now, scope = mutation.scope.now, mutation.scope
    request = {
        "_id": new_id("hlp"),
        **scope.match(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "topic": str(input.topic),
        "subject": subject,
        "message": message,
        "customer_id": customer_id,
        "author_id": mutation.actor.id,
        "state": str(HelpdeskRequestState.OPEN),
    }
    await scope.collection(COLLECTION).insert_many([request], session=mutation.session)
    # More people read the log than the request. So the event names neither its subject nor its customer.
    summary = f"{mutation.actor.display_name} asked the helpdesk for help"
    mutation.add_event(EventDraft(ActivityKind.HELPDESK_REQUESTED, str(request["_id"]), summary))
    return ChangedObject(str(request["_id"]))


async def close_helpdesk_request(mutation: Mutation[CloseHelpdeskRequest]) -> ChangedObject:
    """Close a visible request; a closed one stays as it is."""
    collection, session = mutation.scope.collection(COLLECTION), mutation.session
    where = {**match_visible_requests(mutation.scope), "_id": mutation.input.id}
    request = await collection.find_one(where, session=session)
    if request is None:
        mutation.checks.add_not_found(translatable("request"), "id")
    request = mutation.checks.require(request)
    if request["state"] != HelpdeskRequestState.CLOSED:
        state = str(HelpdeskRequestState.CLOSED)
        now = mutation.scope.now
        closed = {"state": state, "updated_at": now, "closed_at": now, "closed_by_id": mutation.actor.id}
        change = {"$set": closed, "$inc": {"version": 1}}
        await collection.update_one(where, change, session=session)
        changes = {"state": [request["state"], state]}
        summary = f"A helpdesk request of {await _author_name(mutation, request)} was closed"
        mutation.add_event(EventDraft(ActivityKind.HELPDESK_CLOSED, request["_id"], summary, changes))
    return ChangedObject(request["_id"])


async def _check_customer(mutation: Mutation[RequestHelpdesk], customer_id: str | None) -> None:
    if customer_id is None:
        return
    where = {**mutation.scope.match_customers(), "_id": customer_id}
    if await mutation.scope.collection("customers").find_one(where, {"_id": 1}, session=mutation.session) is None:
        mutation.checks.add_not_found(translatable("customer"), "customer")


async def _author_name(mutation: Mutation[CloseHelpdeskRequest], request: Document) -> str:
    author_id = request["author_id"]
    if author_id == mutation.actor.id:
        return mutation.actor.display_name
    authors = await Administrators(mutation.scope).by_ids([author_id], session=mutation.session)
    return authors[author_id].display_name
