"""Tokens as issuers and attackers write them, and the table of those that no issuer's tokens may look like."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

NOW = datetime(2026, 11, 22, 12)
ISSUED = 1795348800  # 2026-11-22T12:00:00Z
KEY_TYPES: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
# The algorithm of a key's type, and what its key is generated from.
_PARAMETERS: dict[str, Any] = {"RSA": 2048, "EC": "P-256", "OKP": "Ed25519"}
ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}
Jwk = dict[str, Any]


def new_key(key_type: str = "OKP", parameter: Any = None, **fields: Any) -> Jwk:
    """Return a private key with its id as a JWK."""
    key = KEY_TYPES[key_type].generate_key(parameter or _PARAMETERS[key_type], auto_kid=True)
    return {**key.as_dict(private=True), **fields}


def public_part(key: Jwk) -> Jwk:
    """Return what an issuer publishes of a key."""
    return {name: value for name, value in key.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}


def signed(claims: Any, key: Jwk, **header: Any) -> str:
    """Return a token with a valid signature; a header field of None is left out, and bytes are claims as they are."""
    fields = {"typ": "JWT", "alg": ALGORITHMS[key["kty"]], "kid": key["kid"], **header}
    fields = {name: value for name, value in fields.items() if value is not None}
    algorithm = ALGORITHMS[key["kty"]] if fields.get("alg") == "EdDSA" else fields.get("alg")
    registry = jws.JWSRegistry(strict_check_header=False, algorithms=[str(algorithm)])
    text = f"{_encode_json(fields)}.{_encode_json(claims)}"
    private = _import_private(key["kty"], json.dumps(key))
    return f"{text}.{_encode(registry.get_alg(str(algorithm)).sign(text.encode(), private))}"


@cache
def _import_private(key_type: str, key: str) -> Any:
    """Return the imported key: to check a private RSA key takes 0.1 s."""
    return KEY_TYPES[key_type].import_key(json.loads(key))


def by_hand(header: dict[str, Any], claims: Any, secret: bytes | None) -> str:
    """Return a token that only an attacker writes: without a signature, or with that of a shared secret."""
    text = f"{_encode_json(header)}.{_encode_json(claims)}"
    signature = b"" if secret is None else hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{_encode(signature)}"


def _encode_json(content: Any) -> str:
    return _encode(content if isinstance(content, bytes) else json.dumps(content).encode())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def without_missing(claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims that are not None."""
    return {name: value for name, value in claims.items() if value is not None}


def hostile_tokens(key: Jwk, valid: dict[str, Any]) -> dict[str, str]:
    """Return tokens that every issuer with the key refuses; `valid` are claims that it accepts at NOW."""
    return {
        **_hostile_signatures(key, valid),
        **_hostile_headers(key, valid),
        **_hostile_claims(key, valid),
        **_NO_TOKENS,
    }


def _hostile_signatures(key: Jwk, valid: dict[str, Any]) -> dict[str, str]:
    other, public = new_key(key["kty"]), public_part(key)
    kid, algorithm = key["kid"], ALGORITHMS[key["kty"]]
    return {
        "no algorithm": by_hand({"alg": "none", "kid": kid}, valid, None),
        "no algorithm, spelled otherwise": by_hand({"alg": "nOnE", "kid": kid}, valid, None),
        "an algorithm that is a list": by_hand({"alg": [algorithm], "kid": kid}, valid, None),
        "HS256 with the public JWK": by_hand({"alg": "HS256", "kid": kid}, valid, json.dumps(public).encode()),
        "HS256 with a part of it": by_hand({"alg": "HS256", "kid": kid}, valid, public.get("x", "n").encode()),
        "another algorithm's name": by_hand({"alg": "RS512", "kid": kid}, valid, b"x"),
        "a wrong signature": by_hand({"alg": algorithm, "kid": kid}, valid, b"x"),
        "a foreign kid": signed(valid, other),
        "a foreign key under our kid": signed(valid, {**other, "kid": kid}),
        "a changed signature": f"{signed(valid, key)[:-6]}AAAAAA",
        "a changed payload": signed(valid, key).replace(".", ".A", 1),
    }


def _hostile_headers(key: Jwk, valid: dict[str, Any]) -> dict[str, str]:
    other, kid = new_key(key["kty"]), key["kid"]
    return {
        "no kid": signed(valid, key, kid=None),
        "a kid that is a number": signed(valid, key, kid=1),
        "a kid that is a path": signed(valid, key, kid="../../dev/null"),
        "a very long kid": signed(valid, key, kid="k" * 300),
        "a key in the header": signed(valid, other, jwk=public_part(other)),
        "a key in the header under our kid": signed(valid, {**other, "kid": kid}, jwk=public_part(other)),
        "the address of a key set": signed(valid, {**other, "kid": kid}, jku="http://127.0.0.1:1/keys"),
        "the address of a certificate": signed(valid, {**other, "kid": kid}, x5u="http://127.0.0.1:1/cert"),
        "a certificate": signed(valid, {**other, "kid": kid}, x5c=["MIIB"]),
        "critical extensions": signed(valid, key, crit=["exp"], exp=1),
        "critical extensions that are no list": signed(valid, key, crit=5),
        "a payload that is not encoded": signed(valid, key, crit=["b64"], b64=False),
        "a token of a logout": signed(valid, key, typ="logout+jwt"),
    }


def _hostile_claims(key: Jwk, valid: dict[str, Any]) -> dict[str, str]:
    def changed(**changes: Any) -> str:
        return signed(without_missing({**valid, **changes}), key)

    return {
        "no exp": changed(exp=None),
        "exp that is text": changed(exp="9999999999"),
        "exp that is true": changed(exp=True),
        "exp beyond every calendar": changed(exp=10**18),
        "exp that is negative": changed(exp=-1),
        "exp that is infinite": changed(exp=float("inf")),
        "exp of 5,000 digits": signed(
            json.dumps({**valid, "exp": 0}).replace(": 0}", ": " + "9" * 5000 + "}").encode(), key
        ),
        "no iat": changed(iat=None),
        "iat that is text": changed(iat="0"),
        "not yet valid": changed(nbf=ISSUED + 31),
        "nbf that is text": changed(nbf="0"),
        "issued in the future": changed(iat=ISSUED + 31),
        "expired": changed(exp=ISSUED),
        "another audience": changed(aud="elsewhere"),
        "audiences of others": changed(aud=["a", "b", 1, None]),
        "an audience that is an object": changed(aud={"x": 1}),
        "no audience": changed(aud=None),
        "another issuer": changed(iss="https://elsewhere.example"),
        "issuers": changed(iss=[valid["iss"]]),
        "no issuer": changed(iss=None),
        "claims that are no object": signed(["x"], key),
        "claims that are too deep": signed(b"[" * 5000, key),
    }


_NO_TOKENS = {
    "nothing": "",
    "no token at all": "hello",
    "letters beyond ASCII": "ü.ü.ü",
    "a lone surrogate": "\ud800.\ud800.\ud800",
    "NUL": "\0.\0.\0",
    "five parts": "a.b.c.d.e",
    "a very long one": "a." * 100_000,
}
