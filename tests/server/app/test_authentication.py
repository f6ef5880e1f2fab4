"""Which issuers a server accepts by its settings, and that it says so at its start."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.failures import OperatorError, Unauthenticated
from server.app.authentication import open_verifier, read_token_issuers
from server.app.settings import Settings
from server.auth.keys import generate_key, parse_keys
from server.auth.tokens import sign_token
from store.database.clock import utc_now

KEYS = parse_keys(generate_key())


@pytest.mark.parametrize(("local_tokens", "accepted"), [("all", "all"), ("service", "service tokens only")])
async def test_says_that_local_tokens_are_accepted(local_tokens: Any, accepted: str) -> None:
    settings = Settings(local_tokens=local_tokens)
    with capture_logs() as logs:
        async with open_verifier(settings, KEYS):
            pass
    (entry,) = logs
    assert (entry["event"], entry["accepted"]) == ("tokens of the local issuer are accepted", accepted)
    assert entry["setting"] == "PARTNERHUB_LOCAL_TOKENS"


async def test_local_tokens_can_be_turned_off() -> None:
    issuer = '[{"issuer": "http://127.0.0.1:9", "audience": "hub"}]'
    settings = Settings(local_tokens="none", token_issuers=issuer)
    with capture_logs() as logs:
        async with open_verifier(settings, KEYS) as verifier:
            for scope in ("api", "import"):
                token = sign_token(KEYS.signing, "acme", "adm_1", utc_now(), scope=scope)
                with pytest.raises(Unauthenticated):
                    await verifier.verify(token, utc_now())
    assert [entry["event"] for entry in logs if entry["log_level"] == "info"] == ["tokens of an issuer are accepted"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"local_tokens": "none"}, "No token is accepted"),
        ({"token_seconds": 86401}, r"PARTNERHUB_TOKEN_SECONDS \(86401\) is more than PARTNERHUB_TOKEN_MAX_SECONDS"),
        ({"token_issuers": "["}, "PARTNERHUB_TOKEN_ISSUERS: this is not JSON"),
    ],
)
def test_contradicting_settings_are_explained(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        read_token_issuers(Settings(**changes))
