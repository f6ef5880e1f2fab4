"""The API with tokens of an external issuer: a real server, a real issuer, and what the two say to each other."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from store.database.clock import utc_now
from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.server.auth.factory_tokens import new_key, signed
from tests.server.auth.issuer_process import IssuerProcess, running_issuer
from tests.websocket_client import connect_websocket

KEY = new_key("EC")
EMAIL = "ada@partner.example"
# Casefolding equates it with the address of another domain.
SHARP_S_EMAIL, DOUBLE_S_EMAIL = "ada@fa\u00df.example", "ada@fass.example"
ME = "{ viewer { administrator { email } } }"


@pytest.fixture(scope="module")
def issuer() -> Iterator[IssuerProcess]:
    with running_issuer() as issuer:
        issuer.publish(KEY)
        yield issuer


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases, issuer: IssuerProcess) -> Iterator[ApiHarness]:
    settings = orjson.dumps([{"issuer": issuer.address, "audience": "hub", "scopes": {"hub": "api", "load": "import"}}])
    with running_shared_api(prepared_databases, token_issuers=settings.decode(), local_tokens="service") as api:
        for email in (EMAIL, DOUBLE_S_EMAIL):
            api.add_administrator("FULL_ADMINISTRATOR", email=email)
        yield api


def token(issuer: IssuerProcess, **changes: Any) -> str:
    now = int(utc_now().timestamp())
    claims = {
        "iss": issuer.address,
        "aud": "hub",
        "email": EMAIL.upper(),
        "partner": "acme",
        "scope": "openid hub load",
    }
    return signed({**claims, "iat": now, "exp": now + 300, **changes}, KEY)


def test_an_administrator_signs_in_with_the_token_of_the_issuer(api: ApiHarness, issuer: IssuerProcess) -> None:
    given = token(issuer)
    assert api.execute_data(given, ME)["viewer"]["administrator"]["email"] == EMAIL
    with connect_websocket(api.url, given) as feed:
        feed.subscribe("subscription { tagChanged { tagId } }")
    headers = {"Authorization": f"Bearer {given}"}
    assert api.http.post("/import/customers", content=b"", headers=headers).status_code == 200
    assert api.http.post("/import/administrators", content=b"", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "nobody@partner.example"}, "The administrator of this token does not exist or has been removed."),
        ({"email": SHARP_S_EMAIL}, "The administrator of this token does not exist or has been removed."),
        ({"email": f"a{31 * chr(0x308)}@partner.example"}, "This token is not valid."),
        ({"partner": "acme-other"}, "The administrator of this token does not exist or has been removed."),
        ({"email_verified": False}, "This token is not valid."),
        ({"aud": "elsewhere"}, "This token is not valid."),
        ({"iss": "https://elsewhere.example"}, "This token is not valid."),
        ({"exp": 1}, "This token has expired."),
        ({"exp": 4_000_000_000}, "This token is valid for longer than this server accepts."),
        ({"scope": "openid"}, "This token does not have the scope api."),
    ],
)
def test_refuses_others(api: ApiHarness, issuer: IssuerProcess, changes: dict[str, Any], message: str) -> None:
    (error,) = api.execute(token(issuer, **changes), ME)["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "UNAUTHENTICATED")


def test_local_tokens_are_for_programs_only(api: ApiHarness) -> None:
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    assert api.execute(api.token(identity), ME)["errors"][0]["message"] == "This token is not valid."
    headers = {"Authorization": f"Bearer {api.token(identity, scope='import')}"}
    assert api.http.post("/import/customers", content=b"", headers=headers).status_code == 200
