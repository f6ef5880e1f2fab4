"""Whatever a token or an issuer says: it is refused with the failure that is meant for it, or accepted for a reason."""

import asyncio
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.failures import Unauthenticated
from domain.text.limits import MAX_MARKS
from server.auth.issuer_settings import IssuerSettings
from server.auth.key_cache import KeyCache
from server.auth.key_sets import InvalidKeySet, parse_key_set
from server.auth.oidc_issuer import OidcIssuer
from server.auth.signatures import Key
from server.auth.tokens import MaxLifetimes
from server.auth.verifier import TokenVerifier
from tests import random_values as rv
from tests.random_values import seeded
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
# Addresses, and whether they are accepted.
EMAILS = {
    " Ada@partner.example\n": True,
    "zoe\u0308@bu\u0308cher.example": True,
    "ada@fa\u00df.example": True,
    f"z{MAX_MARKS * chr(0x308)}@partner.example": True,
    f"z{(MAX_MARKS + 1) * chr(0x308)}@partner.example": False,
    f"ada@b{1_000 * chr(0x301)}.example": False,
    f"ada@{'b' * 300}.example": False,
    "ada@partner.example\0": False,
    "ada@part\u202ener.example": False,
    "ada@@partner.example": False,
    "ada@partner": False,
    "@": False,
}
# Chosen from a list: to generate any JSON takes forty times as long as to verify a token.
anything = rv.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**53 + 1, 10**30, -(10**300), 1e308, math.inf, -math.inf, math.nan),
        *("", "a", "1", "*", "hub", "aurora", "api import", "\0", "\u202e", "é" * 300, "$where", "../..", "\ufffd"),
        *([], [None], ["hub"], ["hub", 1], [[["hub"]]], ["api", {}], {}, {"$ne": ""}, {"a": {"b": [1]}}),
        *CLAIMS.values(),
    ]
)
times = rv.integers(ISSUED - DAY - 60, ISSUED + DAY + 60) | rv.sampled_from([ISSUED, ISSUED + 30, ISSUED + DAY])


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
    email = claims["email"]
    is_address = email == CLAIMS["email"] or (isinstance(email, str) and EMAILS.get(email, False))
    names_somebody = is_address and claims["partner"] == "aurora"
    return is_in_time and is_for_us and names_somebody and claims["iss"] == CLAIMS["iss"]


changes = rv.fixed_dictionaries(
    {},
    optional={
        "exp": times | anything,
        "iat": times | anything,
        "aud": rv.lists(rv.sampled_from(["hub", "other"]), max_size=2) | anything,
        "email": anything | rv.sampled_from(sorted(EMAILS)),
        **dict.fromkeys(("iss", "partner", "scope"), anything),
    },
)


@settings(max_examples=200, deadline=None)
@given(seeded(changes))
def test_any_claims(changed: dict[str, Any]) -> None:
    claims = {**CLAIMS, **changed}
    accepted = is_accepted(signed(claims, KEY))
    assert accepted is (is_acceptable(claims) and _is_json(claims))


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aZ\u00df\u0130\u0308\u0301@.\0 \u200d\U0001f600")), st.text(min_size=1))
def test_any_address(local: str, domain: str) -> None:
    if is_accepted(signed({**CLAIMS, "email": f"{local}@{domain}.example"}, KEY)):
        assert "\0" not in local + domain and len(local.strip()) > 0 and "@" not in local + domain


def _is_json(value: Any) -> bool:
    """Return False for numbers and text that JSON cannot express, or not in 64 bits."""
    if isinstance(value, dict):
        return all(_is_json(key) and _is_json(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return not isinstance(value, float) or math.isfinite(value)


NAMES = ("kid", "typ", "crit", "b64", "jwk", "jku", "x5u", "x5c", "cty")
headers = rv.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, anything))


@settings(max_examples=200, deadline=None)
@given(seeded(headers))
def test_any_header(header: dict[str, Any]) -> None:
    accepted = is_accepted(signed(CLAIMS, KEY, **header))
    given = {name for name, value in header.items() if value is not None}
    assert not (accepted and given & {"kid", "crit", "b64"})
    assert accepted or given or "kid" in header


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary().map(bytes.hex), st.integers(0, 3))
def test_any_text(text: str, dots: int) -> None:
    assert not is_accepted(text + ".a" * dots)


def texts(shortest: int, longest: int) -> rv.Values[str]:
    """Texts of four characters of base64url."""
    return rv.lists(rv.sampled_from("AQ-_"), min_size=shortest, max_size=longest).map("".join)


entries = rv.fixed_dictionaries(
    {},
    optional={
        "kid": rv.just("k") | anything,
        "kty": rv.sampled_from(["RSA", "EC", "OKP", "oct"]) | anything,
        "crv": rv.sampled_from(["P-256", "Ed25519", "X25519"]) | anything,
        "n": texts(0, 400) | anything,
        "e": rv.just("AQAB") | anything,
        "x": texts(43, 43) | anything,
        "y": texts(43, 43) | anything,
        "use": rv.just("sig") | anything,
        "alg": rv.sampled_from(["RS256", "ES256", "EdDSA"]) | anything,
    },
)


# Keys as issuers publish them, of which one or two entries in a set may be changed.
PUBLISHED = [public_part(new_key(key_type)) for key_type in ("RSA", "EC", "OKP")]
changed_fields = rv.fixed_dictionaries({}, optional=dict.fromkeys(("kid", "use", "alg"), anything))
published = rv.builds(lambda key, changed: {**key, **changed}, rv.sampled_from(PUBLISHED), rv.just({}) | changed_fields)
key_sets = rv.fixed_dictionaries({"keys": rv.lists(entries | published, max_size=2)})


def test_any_key_set() -> None:
    read: list[int] = []

    @settings(max_examples=200, deadline=None)
    @given(seeded(key_sets | anything))
    def check(document: Any) -> None:
        try:
            keys = parse_key_set(document)
        except InvalidKeySet:
            return
        # Another entry of the set can be without an id, or with one that is no text.
        assert [key_id for key_id in keys if key_id not in [entry.get("kid") for entry in document["keys"]]] == []
        read.append(len(keys))

    check()
    # Usually 20 to 40 of them.
    assert len(read) > 5
