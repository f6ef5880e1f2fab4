"""Tokens of an external issuer, whose keys come from a real process that rotates them, fails and lies."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import AsyncMock

import httpx
import orjson
import pytest

from domain.failures import Unauthenticated, Unavailable
from server.auth.documents import FetchFailed, new_http_client
from server.auth.issuer_settings import IssuerSettings
from server.auth.key_cache import KeyCache
from server.auth.key_sets import InvalidKeySet, parse_key_set
from server.auth.oidc_issuer import OidcIssuer, fetch_keys
from server.auth.signatures import Key
from server.auth.verifier import TokenVerifier
from tests.server.auth.factory_tokens import ISSUED, NOW, Jwk, hostile_tokens, new_key, public_part, signed
from tests.server.auth.issuer_process import IssuerProcess, running_issuer

AUDIENCE = "https://hub.example.com"
RSA, EC, ED = new_key("RSA"), new_key("EC"), new_key("OKP")


@pytest.fixture(scope="module")
def process() -> Iterator[IssuerProcess]:
    with running_issuer() as process:
        yield process


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with new_http_client() as client:
        yield client


class Hub:
    """The verifier of one issuer; the times between fetches are shorter than in production, where given."""

    def __init__(self, process: IssuerProcess, http: httpx.AsyncClient, **times: float) -> None:
        settings = IssuerSettings(issuer=process.address, audience=AUDIENCE)
        self.keys = KeyCache(process.address, partial(fetch_keys, http, settings), max_wait=20.0, **times)
        self.verifier = TokenVerifier([OidcIssuer(settings, self.keys, timedelta(days=1))])
        self._claims = valid_claims(process)

    def token(self, key: Jwk, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return signed({**self._claims, **changes}, key, **header or {})

    async def accepts(self, token: str) -> bool:
        try:
            return (await self.verifier.verify(token, NOW)).email == "Ada@partner.example"
        except Unauthenticated:
            return False


def valid_claims(process: IssuerProcess) -> dict[str, Any]:
    times = {"iat": ISSUED, "nbf": ISSUED, "exp": ISSUED + 60}
    person = {"sub": "u-1", "email": "Ada@partner.example", "email_verified": True}
    return {"iss": process.address, "aud": AUDIENCE, "partner": "aurora", "scope": "openid api", **times, **person}


async def test_accepts_the_three_algorithms(process: IssuerProcess, http: httpx.AsyncClient) -> None:
    process.publish(RSA, {**EC, "use": "sig", "alg": "ES256"}, {**ED, "alg": "EdDSA"})
    hub = Hub(process, http)
    for token in (hub.token(RSA), hub.token(EC), hub.token(ED), hub.token(ED, {"alg": "EdDSA"})):
        assert await hub.accepts(token)
    assert await hub.accepts(hub.token(RSA, {"typ": "at+JWT", "x5t": "a", "unknown": 1}, aud=["other", AUDIENCE]))
    assert process.fetches == 1


async def test_hostile_tokens_are_refused_with_one_fetch_in_all(
    process: IssuerProcess, http: httpx.AsyncClient
) -> None:
    process.publish(RSA, EC, ED)
    hub = Hub(process, http)
    accepted = [
        f"{key['kty']}: {name}"
        for key in (RSA, EC, ED)
        for name, token in hostile_tokens(key, valid_claims(process)).items()
        if await hub.accepts(token)
    ]
    assert accepted == []
    # Each has a key of its own, which is not published.
    strangers = [hub.token({**ED, "kid": f"stranger-{number}"}) for number in range(300)]
    assert not any(await asyncio.gather(*map(hub.accepts, strangers)))
    assert process.fetches == 1


async def test_the_name_of_an_algorithm_cannot_choose_another_use_of_a_key(
    process: IssuerProcess, http: httpx.AsyncClient
) -> None:
    process.publish({**RSA, "kid": ED["kid"]}, {**EC, "use": "enc"}, {**ED, "kid": "ps", "alg": "PS256"})
    hub = Hub(process, http)
    for token in (hub.token(ED), hub.token(EC), hub.token({**ED, "kid": "ps"})):
        assert not await hub.accepts(token)


async def test_only_the_algorithms_of_the_issuer_are_accepted(process: IssuerProcess, http: httpx.AsyncClient) -> None:
    process.publish(RSA, EC)
    settings = IssuerSettings(issuer=process.address, audience=AUDIENCE, algorithms=("ES256",))
    keys = KeyCache(process.address, partial(fetch_keys, http, settings), max_wait=20.0)
    verifier = TokenVerifier([OidcIssuer(settings, keys, timedelta(minutes=1))])
    hub = Hub(process, http)
    assert (await verifier.verify(hub.token(EC), NOW)).partner_id == "aurora"
    with pytest.raises(Unauthenticated):
        await verifier.verify(hub.token(RSA), NOW)
    with pytest.raises(Unauthenticated, match="longer than this server accepts"):
        await verifier.verify(hub.token(EC, exp=ISSUED + 61), NOW)


async def test_rotated_keys_are_found_and_withdrawn_ones_refused(
    process: IssuerProcess, http: httpx.AsyncClient
) -> None:
    process.publish(RSA)
    hub = Hub(process, http, min_interval=0.0)
    old, new = hub.token(RSA), hub.token(EC)
    assert await hub.accepts(old) and not await hub.accepts(new)
    process.publish(RSA, EC)
    assert await hub.accepts(new) and await hub.accepts(old)
    process.publish(EC)
    # The old token is remembered as verified: that must end with its key.
    await hub.keys.fetch()
    assert not await hub.accepts(old) and await hub.accepts(new)


async def test_keys_are_refreshed_in_the_background(process: IssuerProcess, http: httpx.AsyncClient) -> None:
    process.publish(RSA)
    hub = Hub(process, http, min_interval=0.0, max_age=0.01)
    refreshing = asyncio.create_task(hub.keys.run())
    old = hub.token(RSA)
    async with asyncio.timeout(20):
        while not await hub.accepts(old):
            await asyncio.sleep(0.01)
        process.publish(EC)
        while await hub.accepts(old):
            await asyncio.sleep(0.01)
    refreshing.cancel()
    await hub.keys.stop()


async def test_the_last_good_keys_serve_while_the_issuer_is_down(
    process: IssuerProcess, http: httpx.AsyncClient
) -> None:
    process.publish(RSA)
    hub, new = Hub(process, http, min_interval=0.0), Hub(process, http)
    token = hub.token(RSA)
    assert await hub.accepts(token)
    process.stop()
    await hub.keys.fetch()
    assert await hub.accepts(token)
    assert not await hub.accepts(hub.token(EC))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await new.verifier.verify(token, NOW)
    process.start()
    process.publish(RSA, EC)
    assert await hub.accepts(hub.token(EC))


BROKEN = {
    "redirect": "redirects to http://localhost",
    "huge": "answers more than 256 KiB",
    "compressed": "answers compressed",
    "garbage": "does not answer JSON",
    "a list": "it is no key set",
    "wrong keys": "it has no key with a `kid`",
    "many keys": "it has 101 keys, at most 100 are accepted",
    "failing": "answers with status 500",
}


async def test_bad_answers_are_explained_and_change_nothing(process: IssuerProcess, http: httpx.AsyncClient) -> None:
    process.publish(RSA)
    hub = Hub(process, http, min_interval=0.0)
    token, settings = hub.token(RSA), IssuerSettings(issuer=process.address, audience=AUDIENCE)
    assert await hub.accepts(token)
    for mode, reason in BROKEN.items():
        process.publish(mode=mode)
        with pytest.raises((FetchFailed, InvalidKeySet), match=reason):
            await fetch_keys(http, settings)
        await hub.keys.fetch()
        assert await hub.accepts(token)


@pytest.mark.parametrize("mode", ["hang", "drip"])
async def test_an_issuer_that_hangs_delays_nobody_else(
    process: IssuerProcess, http: httpx.AsyncClient, mode: str
) -> None:
    process.publish(RSA)
    settings = IssuerSettings(issuer=process.address, audience=AUDIENCE)
    hub = Hub(process, http)
    known = [hub.token(RSA, jti=number) for number in range(20)]
    limit = {"seconds": 20.0}

    async def fetch() -> Mapping[str, Key]:
        return await fetch_keys(http, settings, **limit)

    slow = KeyCache(process.address, fetch, min_interval=0.0, max_wait=20.0)
    verifier = TokenVerifier([OidcIssuer(settings, slow, timedelta(days=1))])
    await verifier.verify(known[0], NOW)
    process.publish(mode=mode)
    limit["seconds"] = 0.3
    stranger = asyncio.create_task(verifier.verify(hub.token(EC), NOW))
    await asyncio.sleep(0)
    for token in known:
        await verifier.verify(token, NOW)
    assert not stranger.done()
    with pytest.raises(Unauthenticated):
        await stranger
    with pytest.raises(FetchFailed, match=r"did not answer within 0\.1 s"):
        await fetch_keys(http, settings, seconds=0.1)


async def test_all_who_wait_for_the_first_keys_share_one_fetch(process: IssuerProcess, http: httpx.AsyncClient) -> None:
    process.publish(RSA)
    hub = Hub(process, http)
    cancelled = asyncio.create_task(hub.accepts(hub.token(RSA)))
    waiting = [asyncio.create_task(hub.accepts(hub.token(RSA, jti=number))) for number in range(50)]
    await asyncio.sleep(0)
    cancelled.cancel()
    assert all(await asyncio.gather(*waiting))
    assert process.fetches == 1


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://elsewhere.example"}, "describes the issuer https://elsewhere.example instead of"),
        ({"issuer": None}, "describes the issuer None instead of"),
        ({"jwks_uri": "http://keys.example/jwks"}, "jwks_uri must be https"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri must be an address such as"),
        ({"jwks_uri": None}, "jwks_uri must be an address such as"),
    ],
)
async def test_the_issuers_description_must_be_its_own(
    process: IssuerProcess, http: httpx.AsyncClient, metadata: dict[str, Any], reason: str
) -> None:
    process.publish(RSA, metadata=metadata)
    with pytest.raises(FetchFailed, match=reason):
        await fetch_keys(http, IssuerSettings(issuer=process.address, audience=AUDIENCE))
    # An address of keys in the settings needs no description.
    named = IssuerSettings(issuer=process.address, audience=AUDIENCE, jwks_url=f"{process.address}/keys?policy=a")
    assert set(await fetch_keys(http, named)) == {RSA["kid"]}


async def test_an_issuer_elsewhere_cannot_name_an_address_of_this_machine() -> None:
    described = {"issuer": "https://login.example.com", "jwks_uri": "http://127.0.0.1:8000/livez"}
    answer = orjson.dumps(described)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(answer)))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(FetchFailed, match="jwks_uri must be https, as the issuer is"):
            await fetch_keys(client, IssuerSettings(issuer=described["issuer"], audience=AUDIENCE))


async def test_an_issuer_cannot_sign_for_another() -> None:
    first, second = "https://first.example", "https://second.example"
    keys = {first: new_key(kid="same"), second: new_key(kid="same")}
    issuers = []
    for number, (address, key) in enumerate(keys.items()):
        published = parse_key_set({"keys": [public_part(key)]})
        cache = KeyCache(address, AsyncMock(return_value=published))
        settings = IssuerSettings(issuer=address, audience=AUDIENCE, partners=frozenset({f"partner-{number}"}))
        issuers.append(OidcIssuer(settings, cache, timedelta(days=1)))
    verifier = TokenVerifier(issuers)
    person = {"aud": AUDIENCE, "email": "ada@partner.example", "scope": "api", "iat": ISSUED, "exp": ISSUED + 60}
    accepted = []
    for issuer in keys:
        for signer, key in keys.items():
            for partner in ("partner-0", "partner-1"):
                with suppress(Unauthenticated):
                    await verifier.verify(signed({**person, "iss": issuer, "partner": partner}, key), NOW)
                    accepted.append((issuer, signer, partner))
    assert accepted == [(first, first, "partner-0"), (second, second, "partner-1")]
