"""The administrators of a partner: found by id and address, listed, and activated once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.paging import PageRequest
from domain.text.contacts import fold_email
from domain.types import AdministratorState, PartnerRole
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators

ACTIVE, INVITED, DEACTIVATED = AdministratorState.ACTIVE, AdministratorState.INVITED, AdministratorState.DEACTIVATED
FULL, ASSIGNED = PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR
SECOND = timedelta(seconds=1)


def document(scope: Scope, id_: str, email: str, **fields: Any) -> Document:
    return {
        "_id": id_,
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "email": email,
        "email_folded": fold_email(email),
        "display_name": id_,
        "name_folded": id_.casefold(),
        "role": str(FULL),
        "state": str(ACTIVE),
        "last_sign_in_at": None,
        "invited_at": scope.now,
        "delivered": {},
        **fields,
    }


@pytest.fixture
async def scope(client: Client) -> Scope:
    scope, other = (Scope(client, partner_id, utc_now()) for partner_id in ("acme", "other"))
    documents = [
        document(scope, "ada", "Ada@Partner.example", display_name="Ada Lovelace"),
        document(scope, "bo", "bo@fass.example", role=str(ASSIGNED)),
        document(scope, "cy", "cy@partner.example", state=str(INVITED), role=str(ASSIGNED)),
        document(scope, "di", "di@partner.example", state=str(DEACTIVATED)),
        document(scope, "zoe", "zo\u00eb@b\u00fccher.example"),
        document(other, "eve", "ada@partner.example"),
    ]
    await client.collection("administrators").insert_many(documents)
    return scope


async def test_they_are_found_by_id_within_their_partner_only(scope: Scope) -> None:
    administrators = Administrators(scope)
    assert set(await administrators.by_ids(["ada", "di", "eve", "nobody"])) == {"ada", "di"}
    assert await administrators.by_ids([]) == {}
    assert await administrators.find("eve") is None
    found = await administrators.find("bo")
    assert found is not None and (found.role, found.can_see_all_customers) == (ASSIGNED, False)


async def test_only_active_ones_may_act(scope: Scope) -> None:
    administrators = Administrators(scope)
    active = [id_ for id_ in ("ada", "cy", "di", "eve", None) if await administrators.find_active(id_)]
    assert active == ["ada"]


async def test_an_address_is_found_in_any_case_and_composition_but_not_by_other_letters(scope: Scope) -> None:
    administrators = Administrators(scope)
    found = {
        "ada@partner.example": "ada",
        "ADA@PARTNER.EXAMPLE": "ada",
        "bo@FASS.example": "bo",
        "ZOE\u0308@Bu\u0308cher.example": "zoe",
        "di@partner.example": "di",
        # Another domain, which casefolding equates with the stored one.
        "bo@fa\u00df.example": None,
        "zoe@b\u00fccher.example": None,
        "eve@partner.example": None,
        "": None,
    }
    for email, id_ in found.items():
        administrator = await administrators.by_email(email)
        assert (administrator and administrator.id) == id_, email


async def ids(scope: Scope, *filters: Any) -> list[str]:
    listing = await Administrators(scope).listing(*filters)
    return [row.id for row in (await listing.page(PageRequest())).rows]


async def test_the_list_is_by_name_and_without_removed_ones(scope: Scope) -> None:
    assert await ids(scope, None, None, None) == ["ada", "bo", "cy", "zoe"]
    assert await ids(scope, [ASSIGNED], None, None) == ["bo", "cy"]
    assert await ids(scope, None, [INVITED, DEACTIVATED], None) == ["cy"]
    assert await ids(scope, None, None, ["love"]) == ["ada"]
    assert await ids(scope, [FULL], [ACTIVE], ["zo"]) == ["zoe"]
    assert await ids(scope, [], None, None) == await ids(scope, None, [DEACTIVATED], None) == []
    assert await ids(scope, None, None, ["x"]) == []


async def test_the_first_token_after_the_invitation_activates(scope: Scope) -> None:
    administrators = Administrators(scope)
    assert await administrators.activate("cy", scope.now - SECOND) is None
    results = await asyncio.gather(*(administrators.activate("cy", scope.now + SECOND) for _ in range(5)))
    (activated,) = [result for result in results if result is not None]
    assert (activated.state, activated.version) == (ACTIVE, 2)
    (event,) = await scope.collection("events").find(scope.match())
    assert (event["subject_id"], event["actor_id"], event["changes"]) == ("cy", "cy", {"state": ["INVITED", "ACTIVE"]})
    assert event["summary"] == "cy signed in for the first time"


@pytest.mark.parametrize("id_", ["ada", "di", "eve", "nobody"])
async def test_who_is_not_invited_is_not_activated(scope: Scope, id_: str) -> None:
    assert await Administrators(scope).activate(id_, scope.now + SECOND) is None
    assert await scope.collection("events").count(scope.match()) == 0
