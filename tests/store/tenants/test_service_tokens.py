"""The records of service tokens: of one partner each, used at most once an hour, revoked once."""

from datetime import timedelta

from msgspec.structs import replace

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.service_tokens import (
    find_service_token,
    list_service_tokens,
    record_service_token,
    record_use,
    revoke_service_tokens,
)
from store.tenants.sign_ins import record_sign_in

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


async def record(scope: Scope, label: str, lifetime: timedelta = HOUR, administrator_id: str | None = "adm_1") -> str:
    return await record_service_token(scope, administrator_id, ["metrics", "import"], label, utc_now() + lifetime)


async def test_a_record_is_found_within_its_partner_only(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    id_ = await record(scope, "nightly")
    token = await find_service_token(scope, id_)
    assert token is not None and (token.scopes, token.label) == (("import", "metrics"), "nightly")
    assert (token.administrator_id, token.last_used_at, token.revoked_at) == ("adm_1", None, None)
    assert await find_service_token(replace(scope, partner_id="other"), id_) is None
    assert await find_service_token(scope, "svc_1") is None
    nobody = await find_service_token(scope, await record(scope, "metrics", administrator_id=None))
    assert nobody is not None and nobody.administrator_id is None


async def test_a_use_is_stored_at_most_once_an_hour(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    id_, stored = await record(scope, "nightly"), []
    for passed in (timedelta(0), SECOND, HOUR - SECOND, HOUR, HOUR + SECOND, 2 * HOUR):
        token = await find_service_token(scope, id_)
        assert token is not None
        await record_use(replace(scope, now=scope.now + passed), token)
        used = await find_service_token(scope, id_)
        assert used is not None and used.last_used_at is not None
        stored.append(used.last_used_at - scope.now)
    assert stored == [timedelta(0)] * 3 + [HOUR] * 2 + [2 * HOUR]


async def test_the_newest_are_listed_first(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    for age, partner_id in enumerate(("acme", "other", "acme")):
        await record(replace(scope, partner_id=partner_id, now=scope.now - age * HOUR), f"{partner_id} {age}")
    assert [token.label for token in await list_service_tokens(client, "acme")] == ["acme 0", "acme 2"]
    assert [token.label for token in await list_service_tokens(client)] == ["acme 0", "other 1", "acme 2"]
    assert await list_service_tokens(client, "nobody") == []


async def test_what_is_valid_is_revoked_once(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    valid, expired = await record(scope, "valid"), await record(scope, "expired", -SECOND)
    other = await record(replace(scope, partner_id="other"), "other")
    assert [await revoke_service_tokens(client, scope.match()) for _ in range(2)] == [1, 0]
    revoked = {token.id: token.revoked_at is not None for token in await list_service_tokens(client)}
    assert revoked == {valid: True, expired: False, other: False}
    assert await revoke_service_tokens(client, {"_id": other}) == 1


async def test_a_use_that_cannot_be_stored_is_no_failure(client: Client) -> None:
    scope = Scope(client, "acme", utc_now())
    token = await find_service_token(scope, await record(scope, "nightly"))
    assert token is not None
    silent = Client("mongodb://127.0.0.1:1/?directConnection=true", "none", timeout_ms=50)
    await record_use(replace(scope, client=silent), token)
    await record_sign_in(replace(scope, client=silent), "adm_1")
    await silent.close()
