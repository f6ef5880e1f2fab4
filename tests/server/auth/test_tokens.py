"""Tokens are accepted only where everything about them is as this installation issues it."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from domain.failures import Unauthenticated
from server.auth.tokens import ALGORITHM, AUDIENCE, ISSUER, Claims, TokenVerifier, sign_token

NOW = datetime(2026, 11, 22, 12)
KEY: dict[str, Any] = dict(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))
VERIFIER = TokenVerifier(KEY)


def claims(**changes: Any) -> dict[str, Any]:
    issued = 1795348800  # 2026-11-22T12:00:00Z
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "adm_1",
        "partner": "aurora",
        "scope": "api",
        "iat": issued,
        "nbf": issued,
        "exp": issued + 60,
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def signed(given: dict[str, Any], *, key: dict[str, Any] = KEY, **header: Any) -> str:
    fields = {"alg": ALGORITHM, "kid": key["kid"], **header}
    fields = {name: value for name, value in fields.items() if value is not None}
    return jwt.encode(fields, given, OKPKey.import_key(key), algorithms=[ALGORITHM])


def by_hand(header: dict[str, Any], given: Any, secret: bytes | None) -> str:
    """A token such as only an attacker writes."""
    text = ".".join(_part(json.dumps(part).encode()) for part in (header, given))
    signature = b"" if secret is None else hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{_part(signature)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_accepts_what_it_issued() -> None:
    token = sign_token(KEY, "aurora", "adm_1", NOW, scope="api import", ttl=timedelta(minutes=5))
    expected = Claims("aurora", "adm_1", frozenset({"api", "import"}), NOW + timedelta(minutes=5))
    assert VERIFIER.verify(token, NOW) == expected


def test_a_token_holds_until_its_last_second_and_no_longer() -> None:
    token = sign_token(KEY, "aurora", "adm_1", NOW, ttl=timedelta(seconds=60))
    assert VERIFIER.verify(token, NOW + timedelta(seconds=59, milliseconds=999)).partner_id == "aurora"
    with pytest.raises(Unauthenticated, match="has expired"):
        VERIFIER.verify(token, NOW + timedelta(seconds=60))


OTHER_KEY: dict[str, Any] = dict(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))
PUBLIC_KEY = {name: KEY[name] for name in ("kty", "crv", "x", "kid")}
PUBLIC_BYTES = base64.urlsafe_b64decode(KEY["x"] + "=")
KID = KEY["kid"]
REFUSED = {
    "no algorithm": by_hand({"alg": "none", "kid": KID}, claims(), None),
    "no algorithm, spelled otherwise": by_hand({"alg": "nOnE", "kid": KID}, claims(), None),
    "HS256 with the public key": by_hand({"alg": "HS256", "kid": KID}, claims(), PUBLIC_BYTES),
    "HS256 with the public JWK": by_hand({"alg": "HS256", "kid": KID}, claims(), json.dumps(PUBLIC_KEY).encode()),
    "the deprecated name of the algorithm": by_hand({"alg": "EdDSA", "kid": KID}, claims(), b"x"),
    "a foreign kid": signed(claims(), key=OTHER_KEY),
    "a foreign key under our kid": signed(claims(), key={**OTHER_KEY, "kid": KID}),
    "no kid": signed(claims(), kid=None),
    "a key in the header": signed(claims(), key=OTHER_KEY, jwk={name: OTHER_KEY[name] for name in ("kty", "crv", "x")}),
    "no exp": signed(claims(exp=None)),
    "exp that is text": signed(claims(exp="9999999999")),
    "exp beyond every calendar": signed(claims(exp=10**18)),
    "exp that is infinite": by_hand({"alg": ALGORITHM, "kid": KID}, claims(exp=float("inf")), b"x"),
    "no nbf": signed(claims(nbf=None)),
    "not yet valid": signed(claims(nbf=1795348801)),
    "issued in the future": signed(claims(iat=1795348801)),
    "expired": signed(claims(exp=1795348800)),
    "another audience": signed(claims(aud="elsewhere")),
    "no audience": signed(claims(aud=None)),
    "another issuer": signed(claims(iss="elsewhere")),
    "no issuer": signed(claims(iss=None)),
    "no subject": signed(claims(sub=None)),
    "no partner": signed(claims(partner=None)),
    "a partner that is an object": signed(claims(partner={"$ne": ""})),
    "a scope that is a list": signed(claims(scope=["api"])),
    "claims that are no object": by_hand({"alg": ALGORITHM, "kid": KID}, ["x"], b"x"),
    "a changed signature": signed(claims())[:-4] + "AAAA",
    "a changed payload": signed(claims()).replace(".", ".A", 1),
    "nothing": "",
    "no token at all": "hello",
    "letters beyond ASCII": "ü.ü.ü",
    "five parts": "a.b.c.d.e",
    "a very long one": "a." * 100_000,
}


def test_accepts_the_token_that_every_refused_one_differs_from() -> None:
    assert VERIFIER.verify(signed(claims()), NOW).administrator_id == "adm_1"


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_every_other(token: str) -> None:
    with pytest.raises(Unauthenticated):
        VERIFIER.verify(token, NOW)
