"""A mutation's transaction: who may run it, what is stored for its key, and how often it reads clock and partner."""

from datetime import datetime
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from domain.failures import Failure, Forbidden, InputRejected, TermsNotAccepted, Unauthenticated
from domain.messages import translatable
from domain.permissions import Permission
from domain.types import ActivityKind, PartnerRole
from domain.user_errors import InputPath, UserErrorCode
from store.changes.mutations import CommittedMutation, Mutation, MutationRequest, mutate
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from tests.api_server import administrator_document
from tests.store.factory_customers import add_customer, partner_scope, subscription


class Greeting(Struct, frozen=True):
    """The input of the mutations below."""

    name: str


class Greeted(Struct, frozen=True):
    """Their result."""

    text: str
    at: datetime


async def greet(mutation: Mutation[Greeting]) -> Greeted:
    if mutation.input.name == "nobody":
        mutation.checks.add_not_found(translatable("person"), "name")
    mutation.checks.raise_if_invalid()
    summary = f"{mutation.actor.display_name} greeted {mutation.input.name}"
    mutation.add_event(EventDraft(ActivityKind.ORGANIZATION_CHANGED, mutation.partner.id, summary))
    return Greeted(f"Hello {mutation.input.name}", mutation.scope.now)


async def add_viewer(client: Client, role: PartnerRole = PartnerRole.FULL_ADMINISTRATOR, **fields: Any) -> Scope:
    """The scope of a new administrator whose partner has accepted the terms."""
    scope = await partner_scope(client)
    await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": scope.now}})
    document = administrator_document(scope, role, display_name="Ada", **fields)
    await scope.collection("administrators").insert_many([document])
    return replace(scope, administrator_id=document["_id"], role=role)


async def run(scope: Scope, name: str, **request: Any) -> CommittedMutation[Greeted]:
    return await mutate(scope, MutationRequest("greet", Greeting(name), **request), greet, Greeted)


async def summaries(scope: Scope) -> list[str]:
    events = await scope.collection("events").find(scope.match(), sort=[("_id", 1)])
    return [event["summary"] for event in events]


async def test_a_mutation_returns_its_result_and_writes_its_events(client: Client) -> None:
    scope = await add_viewer(client)
    committed = await run(scope, "Bob")
    assert committed.result == Greeted("Hello Bob", committed.now) and committed.now >= scope.now
    (event,) = await scope.collection("events").find(scope.match())
    assert (event["actor_id"], event["customer_id"], event["at"]) == (scope.administrator_id, None, committed.now)
    assert event["summary"] == "Ada greeted Bob"
    assert await scope.collection("mutation_results").count(scope.match()) == 0


async def test_a_key_returns_the_first_result_as_it_was(client: Client) -> None:
    scope = await add_viewer(client)
    first = await run(scope, "Bob", idempotency_key="k")
    again = await run(scope, "Bob", idempotency_key="k")
    assert again.result == first.result
    assert again.now >= first.now
    assert await summaries(scope) == ["Ada greeted Bob"]


async def test_a_key_belongs_to_one_input_one_operation_and_one_administrator(client: Client) -> None:
    scope = await add_viewer(client)
    await run(scope, "Bob", idempotency_key="k")
    others = [MutationRequest("greet", Greeting("Eve"), "k"), MutationRequest("wave", Greeting("Bob"), "k")]
    for request in others:
        with pytest.raises(InputRejected) as raised:
            await mutate(scope, request, greet, Greeted)
        (error,) = raised.value.user_errors
        assert (error.code, error.path) == (UserErrorCode.KEY_REUSED, InputPath(("idempotency_key",)))
    colleague = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR, display_name="Cy")
    await scope.collection("administrators").insert_many([colleague])
    await run(replace(scope, administrator_id=colleague["_id"]), "Eve", idempotency_key="k")
    assert await summaries(scope) == ["Ada greeted Bob", "Cy greeted Eve"]


async def test_an_expired_result_is_replaced(client: Client) -> None:
    scope = await add_viewer(client)
    await run(scope, "Bob", idempotency_key="k")
    expired = {"$set": {"expires_at": utc_now()}}
    await scope.collection("mutation_results").update_one(scope.match(), expired)
    assert (await run(scope, "Eve", idempotency_key="k")).result.text == "Hello Eve"
    (stored,) = await scope.collection("mutation_results").find(scope.match())
    assert stored["result"]["text"] == "Hello Eve"


async def test_a_rejection_stores_nothing(client: Client) -> None:
    scope = await add_viewer(client)
    with pytest.raises(InputRejected) as raised:
        await run(scope, "nobody", idempotency_key="k")
    assert [(error.code, error.path) for error in raised.value.user_errors] == [
        (UserErrorCode.NOT_FOUND, InputPath(("name",)))
    ]
    assert await summaries(scope) == []
    # The key is free for a corrected input.
    assert (await run(scope, "Bob", idempotency_key="k")).result.text == "Hello Bob"


@pytest.mark.parametrize("state", ["INVITED", "DEACTIVATED"])
async def test_only_an_active_administrator_runs_a_mutation(client: Client, state: str) -> None:
    scope = await add_viewer(client, state=state)
    strangers = [scope, replace(scope, administrator_id="adm_0"), replace(scope, administrator_id=None)]
    for stranger in strangers:
        with pytest.raises(Unauthenticated):
            await run(stranger, "Bob")
    assert await summaries(scope) == []


async def test_the_permission_is_that_of_the_stored_role(client: Client) -> None:
    scope = await add_viewer(client, PartnerRole.READ_ONLY_ADMINISTRATOR)
    promoted = replace(scope, role=PartnerRole.FULL_ADMINISTRATOR)
    with pytest.raises(Forbidden):
        await run(promoted, "Bob", permission=Permission.EDIT_TAGS)
    assert (await run(promoted, "Bob", permission=None)).result.text == "Hello Bob"


async def test_the_terms_come_first_except_where_they_are_not_needed(client: Client) -> None:
    scope = await add_viewer(client)
    await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": None}})
    with pytest.raises(TermsNotAccepted):
        await run(scope, "Bob")
    assert (await run(scope, "Bob", needs_terms=False)).result.text == "Hello Bob"


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
async def test_a_bad_key_is_rejected(client: Client, key: str) -> None:
    scope = await add_viewer(client)
    with pytest.raises(Failure):
        await run(scope, "Bob", idempotency_key=key)
    assert await summaries(scope) == []


async def test_customers_are_loaded_with_the_moment_and_the_partner_of_the_mutation(client: Client) -> None:
    scope = await add_viewer(client)
    customer = await add_customer(scope, "C-1", subscription("S-1"))

    async def rename(mutation: Mutation[Greeting]) -> Greeted:
        batch = await mutation.load_customers({"_id": customer})
        assert batch.partner is mutation.partner and batch.now == mutation.scope.now
        batch.changes[0].update_customer({"name": mutation.input.name})
        draft = EventDraft(ActivityKind.CUSTOMER_CHANGED, customer, "Renamed")
        batch.changes[0].add_event(draft)
        await mutation.write(batch)
        return Greeted("renamed", batch.now)

    committed = await mutate(scope, MutationRequest("rename", Greeting("New")), rename, Greeted)
    (stored,) = await scope.collection("customers").find({**scope.match(), "_id": customer})
    assert (stored["name"], stored["updated_at"]) == ("New", committed.now)
