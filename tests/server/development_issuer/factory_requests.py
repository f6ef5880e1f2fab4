"""Makes authorization requests."""

from server.development_issuer.codes import challenge_of

ORIGINS = frozenset({"http://127.0.0.1:8000", "https://app.example.com"})
VERIFIER = "v" * 43
REQUEST = {
    "client_id": "my-page",
    "redirect_uri": "https://app.example.com/list?tab=1",
    "response_type": "code",
    "scope": "openid profile",
    "state": "s&t",
    "nonce": "n-1",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


def pairs(**changes: str | None) -> list[tuple[str, str]]:
    """Return the parameters of a correct request with changes; None leaves one out."""
    return [(name, value) for name, value in {**REQUEST, **changes}.items() if value is not None]
