"""`partnerhub check` explains what is wrong with the settings of the issuers."""

from typing import Any

import orjson
import pytest

from server.app.settings import Settings
from server.cli.issuer_checks import find_issuer_problems
from tests.server.auth.factory_tokens import new_key
from tests.server.auth.issuer_process import running_issuer


def settings(*addresses: str, **changes: Any) -> Settings:
    issuers = [{"issuer": address, "audience": "hub"} for address in addresses]
    return Settings(**{"token_issuers": orjson.dumps(issuers).decode(), **changes})


async def test_fetches_the_keys_of_each_issuer() -> None:
    with running_issuer() as issuer:
        issuer.publish(new_key())
        assert await find_issuer_problems(settings(issuer.address)) == []
        (problem,) = await find_issuer_problems(settings(issuer.address, f"{issuer.address}/"))
    assert problem.startswith(f"The keys of {issuer.address}/ cannot be fetched from here: ")
    assert f"describes the issuer {issuer.address} instead of {issuer.address}/" in problem
    (problem,) = await find_issuer_problems(settings(issuer.address))
    assert "openid-configuration cannot be read: All connection attempts failed." in problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"token_issuers": "{}"}, "PARTNERHUB_TOKEN_ISSUERS must be a JSON array of issuers"),
        ({"local_tokens": "none"}, "No token is accepted: name an issuer in PARTNERHUB_TOKEN_ISSUERS."),
    ],
)
async def test_explains_settings_by_which_no_server_starts(changes: dict[str, Any], message: str) -> None:
    (problem,) = await find_issuer_problems(settings(**changes))
    assert problem.startswith(message)


async def test_there_is_nothing_to_check_without_issuers() -> None:
    assert await find_issuer_problems(settings()) == []


async def test_the_issuer_of_the_sign_in_is_one_whose_tokens_are_accepted() -> None:
    (problem,) = await find_issuer_problems(settings(sign_in_issuer="https://id.example"))
    assert problem.startswith("PARTNERHUB_SIGN_IN_ISSUER https://id.example is none of PARTNERHUB_TOKEN_ISSUERS")
    with running_issuer() as issuer:
        issuer.publish(new_key())
        assert await find_issuer_problems(settings(issuer.address, sign_in_issuer=issuer.address)) == []
