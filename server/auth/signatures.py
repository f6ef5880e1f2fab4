"""The signature of a token: a JWS in compact form (RFC 7515), with one of three algorithms.

Keys come from the issuer alone. What a token's header says about keys (jwk, jku, x5u, x5c) is never read.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import CompactSignature, JWSRegistry
from msgspec import Struct

from server.auth.claims import TokenRefused, read_text

Key = RSAKey | ECKey | OKPKey
# EdDSA is the former name of Ed25519 and Ed448 (RFC 9864); the key says which of them it is.
ALGORITHMS: Final = frozenset({"RS256", "ES256", "Ed25519", "EdDSA"})
# Tokens of other kinds (of logouts, of DPoP) are signed with the same keys and must not pass as access tokens.
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
MAX_KEY_ID_LENGTH: Final = 200
# Tokens of Entra with many groups have about 6 kB.
MAX_TOKEN_LENGTH: Final = 8192


class _Registry(JWSRegistry):
    """The algorithms that are accepted, and no others; header parameters that are not known are ignored."""

    def get_alg(self, name: str) -> Any:
        """Return the algorithm; the former name means Ed25519, which then checks the key's curve."""
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_REGISTRY: Final = _Registry(algorithms=sorted(ALGORITHMS - {"EdDSA"}), strict_check_header=False)


class SignedToken(Struct, frozen=True):
    """A token as it was received: until `check_signature` has passed, anybody can have written it."""

    issuer: str
    key_id: str
    algorithm: str
    claims: Mapping[str, Any]
    _signature: CompactSignature

    def check_signature(self, key: Key) -> None:
        """Raise TokenRefused where the token was not signed with the key, or the key is not of the algorithm."""
        try:
            is_valid = jws.validate_compact(self._signature, key, registry=_REGISTRY)
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefused(f"the signature cannot be verified: {error!r}") from None
        if not is_valid:
            raise TokenRefused("the signature is wrong")


def read_signed_token(token: str) -> SignedToken:
    """Return the parts of a token; raise TokenRefused where it is not well formed or its header is not accepted."""
    try:
        signature = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY)
        claims = orjson.loads(signature.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefused(f"it is not a JWT: {error!r}") from None
    if not isinstance(claims, dict):
        raise TokenRefused("its claims are no object")
    header = signature.headers()
    _check_header(header)
    return SignedToken(read_text(claims, "iss"), header["kid"], header["alg"], claims, signature)


def _check_header(header: Mapping[str, Any]) -> None:
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused("its algorithm is not accepted")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID_LENGTH:
        raise TokenRefused("it has no key id")
    if "crit" in header or "b64" in header:
        raise TokenRefused("it demands extensions")
    if str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise TokenRefused("it is a token of another kind")
