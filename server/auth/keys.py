"""The installation's private keys: the first signs, all verify. Secrets of cursors and launches derive from them."""

import hmac
import re
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

_BLOCK = re.compile(r"-----BEGIN PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----")
# A setting on one line has no room for the first and last line of PEM.
_BARE = re.compile(r"[A-Za-z0-9+/=]+(?:\s*,\s*[A-Za-z0-9+/=]+)*")


@dataclass(frozen=True, slots=True)
class InstallationKeys:
    """At least one Ed25519 key, as private JWKs with their `kid`. The text of the object does not contain them."""

    keys: Sequence[Mapping[str, Any]] = field(repr=False)

    @property
    def signing(self) -> Mapping[str, Any]:
        """Return the key that signs."""
        return self.keys[0]

    @property
    def public(self) -> Sequence[Mapping[str, Any]]:
        """Return the public JWKs of all keys."""
        return [{name: key[name] for name in ("kty", "crv", "x", "kid")} for key in self.keys]

    @property
    def cursor_secrets(self) -> tuple[bytes, ...]:
        """Return the secrets of feed cursors, 32 bytes each; the first signs."""
        return self._derive(b"cursors")

    @property
    def launch_secrets(self) -> tuple[bytes, ...]:
        """Return the secrets of launch addresses, 32 bytes each; the first signs."""
        return self._derive(b"launches")

    def _derive(self, purpose: bytes) -> tuple[bytes, ...]:
        """Return one secret for each key, from which the key cannot be computed."""
        privates = (urlsafe_b64decode(key["d"].encode()) for key in self.keys)
        return tuple(hmac.digest(private, b"partnerhub " + purpose, sha256) for private in privates)


def generate_key() -> str:
    """Return a new private key as PEM."""
    return OKPKey.generate_key("Ed25519").as_pem(private=True).decode()


def parse_keys(text: str) -> InstallationKeys:
    """Return the keys of a text: blocks of PEM (PKCS #8), or their Base64 alone, separated by commas.

    Raise ValueError, whose message does not contain the text.
    """
    blocks = _BLOCK.findall(text)
    if not blocks and _BARE.fullmatch(text.strip()):
        blocks = text.strip().split(",")
    if not blocks:
        raise ValueError("contains no private key in the form of PEM")
    try:
        keys = [_import_key("".join(block.split())) for block in blocks]
    except (JoseError, ValueError, TypeError, Base64Error):
        raise ValueError("contains a private key that is not of the kind Ed25519") from None
    if len({key["kid"] for key in keys}) < len(keys):
        raise ValueError("contains the same key twice")
    return InstallationKeys(keys)


def _import_key(block: str) -> Mapping[str, Any]:
    key = OKPKey.import_key(f"-----BEGIN PRIVATE KEY-----\n{block}\n-----END PRIVATE KEY-----\n")
    if key.get("crv") != "Ed25519":
        raise ValueError("another curve")
    return {**key.as_dict(private=True), "kid": key.thumbprint()}
