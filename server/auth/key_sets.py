"""Reads the key set of an issuer (RFC 7517): the public keys by their ids, for the algorithms that are accepted."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from server.auth.signatures import MAX_KEY_ID_LENGTH, Key

MAX_KEYS: Final = 100
# Shorter keys are not secure, and longer ones only cost time.
_RSA_BITS: Final = range(2048, 8192 + 1)


class InvalidKeySet(Exception):
    """An answer that is no key set, or has no key that can be used; the message says why."""


def parse_key_set(document: object) -> dict[str, Key]:
    """Return the keys by id; keys of other uses, types and algorithms are left out. Raise InvalidKeySet."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidKeySet("it is no key set: an object with the array `keys`")
    if len(entries) > MAX_KEYS:
        raise InvalidKeySet(f"it has {len(entries)} keys, at most {MAX_KEYS} are accepted")
    keys: dict[str, Key] = {}
    for entry in entries:
        key = _read_key(entry) if isinstance(entry, dict) else None
        if key is not None:
            # The first of several keys with one id counts, whatever comes after it.
            keys.setdefault(entry["kid"], key)
    if not keys:
        raise InvalidKeySet("it has no key with a `kid` for RS256, ES256 or EdDSA")
    return keys


def _read_key(entry: Mapping[str, Any]) -> Key | None:
    """Return the key of an entry; None where it is not for signatures of the accepted algorithms."""
    key_id = entry.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID_LENGTH or entry.get("use", "sig") != "sig":
        return None
    try:
        return _import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return None


def _import_key(entry: Mapping[str, Any]) -> Key | None:
    """Import the public part alone: what else the entry says has been checked by then."""
    match entry.get("kty"), entry.get("crv"), entry.get("alg"):
        case "RSA", _, None | "RS256":
            return RSAKey.import_key(_public(entry, "n", "e")) if _has_secure_length(entry["n"]) else None
        case "EC", "P-256", None | "ES256":
            return ECKey.import_key(_public(entry, "crv", "x", "y"))
        case "OKP", "Ed25519", None | "EdDSA" | "Ed25519":
            return OKPKey.import_key(_public(entry, "crv", "x"))
        case _:
            return None


def _public(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: entry[name] for name in ("kty", *names)}


def _has_secure_length(modulus: str) -> bool:
    raw = urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))
    return int.from_bytes(raw).bit_length() in _RSA_BITS
