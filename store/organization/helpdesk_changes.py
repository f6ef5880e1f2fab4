"""The mutations of helpdesk requests: each the body of one transaction."""

from domain.partner.helpdesk import MAX_MESSAGE_LENGTH, MAX_SUBJECT_LENGTH, HelpdeskRequestState
from domain.types import ActivityKind
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.organization.helpdesk import COLLECTION, match_visible_requests
from store.tenants.administrators import Administrators


async def request_helpdesk(mutation: Mutation) -> Document:
    """A new request; answers its id as `request`."""
    checks = mutation.checks
    subject = checks.read_line("subject", MAX_SUBJECT_LENGTH, "The subject")
    message = checks.read_lines("message", MAX_MESSAGE_LENGTH, "The message")
    await _check_customer(mutation)
    checks.raise_if_invalid()
    now, scope = mutation.scope.now, mutation.scope
    new = {"_id": new_id("hlp"), **scope.match(), "version": 1, "created_at": now, "updated_at": now}
    asked = {"topic": str(mutation.input["topic"]), "subject": subject, "message": message}
    about = {"customer_id": mutation.input.get("customer"), "author_id": mutation.actor.id}
    request = {**new, **asked, **about, "state": str(HelpdeskRequestState.OPEN)}
    await scope.collection(COLLECTION).insert_many([request], session=mutation.session)
    # The log is read by more people than the request, so it tells neither what it is about nor of whom.
    summary = f"{mutation.actor.display_name} asked the helpdesk for help"
    mutation.add_event(EventDraft(ActivityKind.HELPDESK_REQUESTED, str(new["_id"]), summary))
    return {"request": new["_id"]}


async def close_helpdesk_request(mutation: Mutation) -> Document:
    """Closes a request in sight, once; answers its id as `request`."""
    collection, session = mutation.scope.collection(COLLECTION), mutation.session
    where = {**match_visible_requests(mutation.scope), "_id": mutation.input["id"]}
    found = await collection.find_one(where, session=session)
    if found is None:
        mutation.checks.add_not_found("request", "id")
    mutation.checks.raise_if_invalid()
    if found is not None and found["state"] != HelpdeskRequestState.CLOSED:
        state = str(HelpdeskRequestState.CLOSED)
        change = {"$set": {"state": state, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
        await collection.update_one(where, change, session=session)
        changes = {"state": [found["state"], state]}
        summary = f"A helpdesk request of {await _author_name(mutation, found)} was closed"
        mutation.add_event(EventDraft(ActivityKind.HELPDESK_CLOSED, found["_id"], summary, changes))
    return {"request": mutation.input["id"]}


async def _check_customer(mutation: Mutation) -> None:
    customer_id = mutation.input.get("customer")
    if customer_id is None:
        return
    where = {**mutation.scope.match_customers(), "_id": customer_id}
    if await mutation.scope.collection("customers").find_one(where, {"_id": 1}, session=mutation.session) is None:
        mutation.checks.add_not_found("customer", "customer")


async def _author_name(mutation: Mutation, request: Document) -> str:
    author_id = request["author_id"]
    found = await Administrators(mutation.scope).by_ids([author_id], session=mutation.session)
    return found[author_id].display_name
