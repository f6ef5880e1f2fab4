"""The pages of a launch that cannot be looked up: understandable, and without anything of the inside."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from domain.partner.launch import LaunchReference, sign_launch_token
from resolvers.installation import Installation
from server.app.app_state import AppState
from server.http.launch import routes
from store.database.client import Client

SECRET = b"s" * 32
ADDRESS = f"/launch/{sign_launch_token(SECRET, LaunchReference('acme', 'lch_0123456789abcdef01234567'))}"


@pytest.fixture
async def nowhere() -> AsyncIterator[Client]:
    """A client whose database does not answer."""
    client = Client("mongodb://127.0.0.1:1", "nowhere", server_selection_ms=50, timeout_ms=None)
    yield client
    await client.close()


async def asked(client: Any, method: str, secrets: tuple[bytes, ...] = (SECRET,)) -> httpx.Response:
    """The answer of an application that has nothing but the launch's route."""
    application = Starlette(routes=routes)
    unused = cast(Any, None)
    installation = Installation(launch_secrets=secrets)
    application.state.app_state = AppState(unused, client, unused, unused, unused, unused, unused, installation)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example") as http:
        return await http.request(method, ADDRESS)


async def test_a_database_that_does_not_answer_is_told_as_such(nowhere: Client) -> None:
    assert (await asked(nowhere, "HEAD")).status_code == 503


async def test_a_mistake_of_ours_shows_nothing_of_it() -> None:
    failed = await asked(None, "GET")
    assert failed.status_code == 500
    assert "Something went wrong on our side" in failed.text and "Error" not in failed.text
    assert "default-src 'none'" in failed.headers["content-security-policy"]


async def test_without_the_installations_key_no_address_is_known_or_made() -> None:
    assert (await asked(None, "GET", secrets=())).status_code == 404
    with pytest.raises(RuntimeError, match="key"):
        Installation().launch_url("acme", "lch_0123456789abcdef01234567")
