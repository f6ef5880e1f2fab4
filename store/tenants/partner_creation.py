"""Creates a partner and its first FULL_ADMINISTRATOR in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.failures import OperatorError
from domain.text.contacts import fold_email
from domain.text.folding import fold_for_sorting
from domain.text.normalization import compose
from domain.types import ActivityKind, AdministratorState, PartnerRole
from store.database.client import Document, Session
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.tenants.partners import Partners


async def create_partner(scope: Scope, name: str, admin_email: str, plan: Sequence[Mapping[str, Any]]) -> None:
    """Create the partner of the scope; OperatorError where it exists already."""

    admin_email = compose(admin_email)

    async def body(session: Session) -> None:
        if await Partners(scope).get(session=session) is not None:
            raise OperatorError(f"There is a partner {scope.partner_id} already.")
        await Partners(scope).create(name, plan, session=session)
        administrator = _first_administrator(scope, admin_email)
        await scope.collection("administrators").insert_many([administrator], session=session)
        summary = f"{admin_email} became the first administrator"
        draft = EventDraft(ActivityKind.ADMINISTRATOR_INVITED, administrator["_id"], summary)
        shared = {**NO_CUSTOMER, "actor_id": None}
        event = event_document(scope.partner_id, scope.now, shared, draft)
        await scope.collection("events").insert_many([event], session=session)

    await in_transaction(scope.client, body)


def _first_administrator(scope: Scope, email: str) -> Document:
    return {
        "_id": new_id("adm"),
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "email": email,
        "email_folded": fold_email(email),
        "display_name": email.partition("@")[0],
        "name_folded": fold_for_sorting(email.partition("@")[0]),
        "role": str(PartnerRole.FULL_ADMINISTRATOR),
        "state": str(AdministratorState.ACTIVE),
        "last_sign_in_at": None,
        "invited_at": scope.now,
        "delivered": {},
    }
