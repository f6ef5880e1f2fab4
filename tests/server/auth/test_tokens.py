"""Tokens of the local issuer are accepted only where everything about them is as this installation issues it."""

from datetime import timedelta
from typing import Any

import pytest

from domain.failures import Unauthenticated
from server.auth.claims import Claims, TokenTimes
from server.auth.tokens import AUDIENCE, ISSUER, LocalIssuer, MaxLifetimes, sign_token
from server.auth.verifier import TokenVerifier
from tests.server.auth.factory_tokens import ISSUED, NOW, hostile_tokens, new_key, signed, without_missing

KEY = new_key()
VERIFIER = TokenVerifier([LocalIssuer([KEY])])
WHOLE = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "adm_1",
    "partner": "aurora",
    "scope": "api",
    "iat": ISSUED,
    "nbf": ISSUED,
    "exp": ISSUED + 60,
}


def changed(**changes: Any) -> str:
    return signed(without_missing({**WHOLE, **changes}), KEY)


async def test_accepts_what_it_issued() -> None:
    now = NOW + timedelta(milliseconds=123)
    token = sign_token(KEY, "aurora", "adm_1", now, ttl=timedelta(minutes=5))
    times = TokenTimes(now, NOW + timedelta(minutes=5))
    assert await VERIFIER.verify(token, now) == Claims("aurora", frozenset({"api"}), times, "adm_1")


async def test_a_service_token_has_the_id_of_its_record() -> None:
    token = sign_token(KEY, "aurora", "adm_1", NOW, scope="import other", token_id="svc_1")
    claims = await VERIFIER.verify(token, NOW)
    assert (claims.scopes, claims.service_token_id) == (frozenset({"import"}), "svc_1")
    metrics = await VERIFIER.verify(sign_token(KEY, "*", None, NOW, scope="metrics"), NOW)
    assert metrics.administrator_id is None and metrics.service_token_id


async def test_a_token_holds_until_its_last_second_and_no_longer() -> None:
    token = sign_token(KEY, "aurora", "adm_1", NOW, ttl=timedelta(seconds=60))
    for _ in range(2):
        assert (await VERIFIER.verify(token, NOW + timedelta(seconds=59, milliseconds=999))).partner_id == "aurora"
        with pytest.raises(Unauthenticated, match="has expired"):
            await VERIFIER.verify(token, NOW + timedelta(seconds=60))


async def test_the_clock_of_the_issuer_may_be_ahead_a_little() -> None:
    for token in (changed(iat=ISSUED + 30, nbf=ISSUED + 30), changed(nbf=None)):
        assert (await VERIFIER.verify(token, NOW)).partner_id == "aurora"


async def test_a_lifetime_above_the_maximum_is_refused() -> None:
    verifier = TokenVerifier([LocalIssuer([KEY], MaxLifetimes(timedelta(hours=1), timedelta(days=2)))])
    for scope, longest in (("api", timedelta(hours=1)), ("import", timedelta(days=2))):
        token = sign_token(KEY, "aurora", "adm_1", NOW, scope=scope, ttl=longest)
        assert (await verifier.verify(token, NOW)).expires_at == NOW + longest
        too_long = sign_token(KEY, "aurora", "adm_1", NOW, scope=scope, ttl=longest + timedelta(seconds=1))
        with pytest.raises(Unauthenticated, match="valid for longer than this server accepts"):
            await verifier.verify(too_long, NOW)


async def test_local_tokens_of_people_can_be_refused() -> None:
    verifier = TokenVerifier([LocalIssuer([KEY], only_service_tokens=True)])
    assert (await verifier.verify(sign_token(KEY, "aurora", "adm_1", NOW, scope="import"), NOW)).service_token_id
    with pytest.raises(Unauthenticated):
        await verifier.verify(sign_token(KEY, "aurora", "adm_1", NOW), NOW)


REFUSED = {
    **hostile_tokens(KEY, WHOLE),
    "no subject": changed(sub=None),
    "no partner": changed(partner=None),
    "a partner that is an object": changed(partner={"$ne": ""}),
    "a scope that is a list": changed(scope=["api"]),
    "a service token for the API": changed(scope="api import", jti="1"),
    "a service token without an id": changed(scope="import"),
}


async def test_accepts_the_token_that_every_refused_one_differs_from() -> None:
    assert (await VERIFIER.verify(changed(), NOW)).administrator_id == "adm_1"


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
async def test_refuses_every_other(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(token, NOW)


async def test_remembers_a_bounded_number_of_tokens() -> None:
    checked = TokenVerifier([LocalIssuer([KEY])], max_remembered=3)
    for number in range(6):
        await checked.verify(changed(jti=str(number)), NOW)
    assert len(checked._verified) == 3
