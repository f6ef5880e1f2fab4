"""Whatever a token or an issuer says: it is refused with the failure that is meant for it, or accepted for a reason."""

import asyncio
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.failures import Unauthenticated
from server.auth.issuer_settings import IssuerSettings
from server.auth.key_cache import KeyCache
from server.auth.key_sets import InvalidKeySet, parse_key_set
from server.auth.oidc_issuer import OidcIssuer
from server.auth.signatures import Key
from server.auth.tokens import MaxLifetimes
from server.auth.verifier import TokenVerifier
from tests.server.auth.factory_tokens import ISSUED, NOW, new_key, public_part, signed

KEY = new_key()
DAY = 86_400
CLAIMS: dict[str, Any] = {
    "iss": "https://login.example.com/",
    "aud": "hub",
    "exp": ISSUED + 60,
    "iat": ISSUED,
    "email": "ada@partner.example",
    "partner": "aurora",
    "scope": "api",
}
# Chosen from a list: to generate any JSON takes forty times as long as to verify a token.
anything = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**53 + 1, 10**30, -(10**300), 1e308, math.inf, -math.inf, math.nan),
        *("", "a", "1", "*", "hub", "aurora", "api import", "\0", "\u202e", "é" * 300, "$where", "../..", "\ufffd"),
        *([], [None], ["hub"], ["hub", 1], [[["hub"]]], ["api", {}], {}, {"$ne": ""}, {"a": {"b": [1]}}),
        *CLAIMS.values(),
    ]
)
times = st.integers(ISSUED - DAY - 60, ISSUED + DAY + 60) | st.sampled_from([ISSUED, ISSUED + 30, ISSUED + DAY])


async def _fetch() -> dict[str, Key]:
    return parse_key_set({"keys": [public_part(KEY)]})


_ISSUER = IssuerSettings(issuer=CLAIMS["iss"], audience="hub", partners=frozenset({"aurora"}))
_KEYS = KeyCache("an issuer", _fetch, min_interval=math.inf)
asyncio.run(_KEYS.fetch())
_VERIFIER = TokenVerifier([OidcIssuer(_ISSUER, _KEYS, MaxLifetimes().people)])


def is_accepted(token: str) -> bool:
    verification = _VERIFIER.verify(token, NOW)
    try:
        # Nothing is waited for, because the keys are known: no event loop is needed.
        verification.send(None)
    except Unauthenticated:
        return False
    except StopIteration as finished:
        claims = finished.value
        assert claims.partner_id == "aurora" and claims.scopes <= {"api", "import", "import:administrators"}
        return True
    raise AssertionError("The verification waits.")


def is_acceptable(claims: dict[str, Any]) -> bool:
    """Return by other means whether a token of these claims, whose signature is right, must be accepted."""
    expires, issued, audience = claims["exp"], claims["iat"], claims["aud"]
    if any(type(time) not in (int, float) or not math.isfinite(time) or time < 0 for time in (expires, issued)):
        return False
    is_in_time = issued <= ISSUED + 30 and ISSUED < expires <= issued + DAY
    is_for_us = audience == "hub" or (isinstance(audience, list) and "hub" in audience)
    names_somebody = claims["email"] == CLAIMS["email"] and claims["partner"] == "aurora"
    return is_in_time and is_for_us and names_somebody and claims["iss"] == CLAIMS["iss"]


changes = st.fixed_dictionaries(
    {},
    optional={
        "exp": times | anything,
        "iat": times | anything,
        "aud": st.lists(st.sampled_from(["hub", "other"]), max_size=2) | anything,
        "email": anything.filter(lambda value: not (isinstance(value, str) and "@" in value)),
        **dict.fromkeys(("iss", "partner", "scope"), anything),
    },
)


@settings(max_examples=200, deadline=None)
@given(changes)
def test_any_claims(changed: dict[str, Any]) -> None:
    claims = {**CLAIMS, **changed}
    accepted = is_accepted(signed(claims, KEY))
    assert accepted is (is_acceptable(claims) and _is_json(claims))


def _is_json(value: Any) -> bool:
    """Return False for numbers and text that JSON cannot express, or not in 64 bits."""
    if isinstance(value, dict):
        return all(_is_json(key) and _is_json(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return not isinstance(value, float) or math.isfinite(value)


headers = st.dictionaries(st.sampled_from(("kid", "typ", "crit", "b64", "jwk", "jku", "x5u", "x5c", "cty")), anything)


@settings(max_examples=200, deadline=None)
@given(headers)
def test_any_header(header: dict[str, Any]) -> None:
    accepted = is_accepted(signed(CLAIMS, KEY, **header))
    given = {name for name, value in header.items() if value is not None}
    assert not (accepted and given & {"kid", "crit", "b64"})
    assert accepted or given or "kid" in header


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary().map(bytes.hex), st.integers(0, 3))
def test_any_text(text: str, dots: int) -> None:
    assert not is_accepted(text + ".a" * dots)


entries = st.fixed_dictionaries(
    {},
    optional={
        "kid": st.just("k") | anything,
        "kty": st.sampled_from(["RSA", "EC", "OKP", "oct"]) | anything,
        "crv": st.sampled_from(["P-256", "Ed25519", "X25519"]) | anything,
        "n": st.text("AQ-_", max_size=400) | anything,
        "e": st.just("AQAB") | anything,
        "x": st.text("AQ-_", min_size=43, max_size=43) | anything,
        "y": st.text("AQ-_", min_size=43, max_size=43) | anything,
        "use": st.just("sig") | anything,
        "alg": st.sampled_from(["RS256", "ES256", "EdDSA"]) | anything,
    },
)


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({"keys": st.lists(entries, max_size=2)}) | anything)
def test_any_key_set(document: Any) -> None:
    try:
        keys = parse_key_set(document)
    except InvalidKeySet:
        return
    assert set(keys) <= {entry["kid"] for entry in document["keys"]}
