"""The development sign-in over HTTP: from discovery to a token that the API accepts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.routing import Route

from server.app.app_state import AppState
from server.app.settings import Settings
from server.application import create_application
from server.auth.tokens import ALGORITHM, LocalIssuer
from server.auth.verifier import TokenVerifier
from server.development_issuer.routes import development_routes
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators
from store.tenants.partner_creation import create_partner
from tests.api_server import administrator_document
from tests.installation_keys import KEYS
from tests.server.development_issuer.factory_requests import VERIFIER, pairs

ISSUER = "http://127.0.0.1:8000/development-sign-in"
AUTHORIZE = f"{ISSUER}/authorize"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class SignIn:
    """A client of the issuer, and the administrators who can be chosen."""

    http: httpx.AsyncClient
    scope: Scope
    founder: str

    async def choose(self, administrator: str, **headers: str) -> httpx.Response:
        body = urlencode([*pairs(), ("administrator", administrator)])
        return await self.http.post(AUTHORIZE, content=body, headers={**FORM, **headers})

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        asked = {name: value for name, value in pairs() if name in ("client_id", "redirect_uri")}
        body = urlencode({**fields, **asked, **changes})
        return await self.http.post(f"{ISSUER}/token", content=body, headers=FORM)


@pytest.fixture
async def sign_in(mongo_uri: str, prepared_database: str) -> AsyncIterator[SignIn]:
    client = Client(mongo_uri, prepared_database)
    scope = Scope(client, "acme", utc_now())
    await create_partner(scope, "Müller & <Söhne>", "root@partner.example", [])
    founder = await Administrators(scope).by_email("root@partner.example")
    assert founder is not None
    settings = Settings(development_sign_in="acme", allowed_origins="https://app.example.com", token_seconds=600)
    application, unused = Starlette(routes=development_routes(settings)), cast(Any, None)
    verifier = TokenVerifier([LocalIssuer(KEYS.public)])
    application.state.app_state = AppState(settings, client, unused, unused, verifier, unused, unused, keys=KEYS)
    async with httpx.AsyncClient(verify=False, transport=httpx.ASGITransport(application)) as http:
        yield SignIn(http, scope, founder.id)
    await client.close()


def answer_of(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 303, response.text
    assert response.headers["location"].startswith("https://app.example.com/list?tab=1&")
    assert response.headers["cache-control"] == "no-store"
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


async def test_a_code_becomes_a_token_of_the_chosen_administrator(sign_in: SignIn) -> None:
    metadata = (await sign_in.http.get(f"{ISSUER}/.well-known/openid-configuration")).json()
    assert (metadata["issuer"], metadata["authorization_endpoint"]) == (ISSUER, AUTHORIZE)
    answer = answer_of(await sign_in.choose(sign_in.founder))
    assert (answer["state"], answer["iss"]) == ("s&t", ISSUER)
    response = await sign_in.exchange(answer["code"])
    tokens = response.json()
    assert (response.headers["cache-control"], tokens["token_type"], tokens["expires_in"]) == (
        "no-store",
        "Bearer",
        600,
    )
    claims = await TokenVerifier([LocalIssuer(KEYS.public)]).verify(tokens["access_token"], utc_now())
    assert (claims.partner_id, claims.administrator_id, claims.scopes) == ("acme", sign_in.founder, frozenset({"api"}))
    keys = KeySet.import_key_set((await sign_in.http.get(metadata["jwks_uri"])).json())
    identity = jwt.decode(tokens["id_token"], keys, algorithms=[ALGORITHM]).claims
    assert {name: identity[name] for name in ("iss", "aud", "sub", "nonce", "email")} == {
        "iss": ISSUER,
        "aud": "my-page",
        "sub": sign_in.founder,
        "nonce": "n-1",
        "email": "root@partner.example",
    }
    again = await sign_in.exchange(answer["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_the_id_token_is_no_token_for_the_api(sign_in: SignIn) -> None:
    code = answer_of(await sign_in.choose(sign_in.founder))["code"]
    id_token = (await sign_in.exchange(code)).json()["id_token"]
    with pytest.raises(Exception, match="not valid"):
        await TokenVerifier([LocalIssuer(KEYS.public)]).verify(id_token, utc_now())


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.choices: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.fields.append((attributes["name"], attributes["value"]))
        if tag == "button":
            self.choices.append(attributes["value"])


async def test_the_page_offers_administrators_who_were_not_removed(sign_in: SignIn) -> None:
    made = {state: administrator_document(sign_in.scope, "ADMINISTRATOR", state=state, display_name=f"<b>{state}</b>")  # type: ignore[arg-type]
            for state in ("INVITED", "DEACTIVATED")}  # fmt: skip
    await sign_in.scope.collection("administrators").insert_many(list(made.values()))
    response = await sign_in.http.get(AUTHORIZE, params=dict(pairs(state='"><script>')))
    page = _Page(response.text)
    assert page.choices == [sign_in.founder, made["INVITED"]["_id"], ""]
    assert page.fields == pairs(state='"><script>')
    assert "<script>" not in response.text and "<b>" not in response.text and "Müller &amp; &lt;Söhne" in response.text
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self' https://app.example.com;" in policy
    removed = answer_of(await sign_in.choose(made["DEACTIVATED"]["_id"]))
    assert removed["error"] == "access_denied"


async def test_the_hinted_administrator_has_the_focus(sign_in: SignIn) -> None:
    text = (await sign_in.http.get(AUTHORIZE, params=dict(pairs(login_hint="ROOT@partner.example")))).text
    assert f'value="{sign_in.founder}" autofocus' in text and text.count("autofocus") == 1
    await sign_in.scope.collection("administrators").delete_many({})
    text = (await sign_in.http.get(AUTHORIZE, params=dict(pairs()))).text
    assert "no administrators" in text and "<section" not in text


@pytest.mark.parametrize("administrator", ["", "adm_000000000000000000000000", '{"$ne": 1}'])
async def test_without_a_choice_the_client_is_told(sign_in: SignIn, administrator: str) -> None:
    answer = answer_of(await sign_in.choose(administrator))
    assert (answer["error"], answer["state"]) == ("access_denied", "s&t") and "code" not in answer


async def test_a_page_of_another_site_cannot_choose(sign_in: SignIn) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("none", 403), ("same-origin", 303)):
        assert (await sign_in.choose(sign_in.founder, **{"Sec-Fetch-Site": site})).status_code == status


async def test_a_foreign_redirect_address_gets_a_page_and_no_code(sign_in: SignIn) -> None:
    asked = urlencode(pairs(redirect_uri="https://evil.example/"))
    shown = await sign_in.http.get(f"{AUTHORIZE}?{asked}")
    for response in (shown, await sign_in.http.post(AUTHORIZE, content=asked, headers=FORM)):
        assert (response.status_code, "location" in response.headers) == (400, False)
        assert "redirect_uri" in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_grant"),
        ({"padding": "x" * 20_000}, "unsupported_grant_type"),
    ],
)
async def test_the_token_endpoint_names_the_mistake(sign_in: SignIn, changes: dict[str, str], error: str) -> None:
    code = answer_of(await sign_in.choose(sign_in.founder))["code"]
    response = await sign_in.exchange(code, **changes)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert "access_token" not in response.json()


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/authorize", "/token", "/end-session"])
async def test_no_endpoint_serves_another_host(sign_in: SignIn, path: str) -> None:
    method = "POST" if path == "/token" else "GET"
    response = await sign_in.http.request(method, f"{ISSUER}{path}", headers={"Host": "evil.example:8000"})
    assert response.status_code == 403
    assert "this machine only" in response.text


async def test_the_end_of_a_session_returns_to_an_accepted_page(sign_in: SignIn) -> None:
    end = f"{ISSUER}/end-session"
    target = {"post_logout_redirect_uri": "https://app.example.com/", "state": "s"}
    response = await sign_in.http.get(end, params=target)
    assert (response.status_code, response.headers["location"]) == (303, "https://app.example.com/?state=s")
    foreign = await sign_in.http.get(end, params={"post_logout_redirect_uri": "https://evil.example/"})
    assert (foreign.status_code, "location" in foreign.headers) == (400, False)


def test_it_is_off_unless_it_is_asked_for() -> None:
    def paths(settings: Settings) -> set[str]:
        return {route.path for route in create_application(settings).routes if isinstance(route, Route)}

    added = paths(Settings(development_sign_in="acme")) - paths(Settings())
    assert added == {route.path for route in development_routes(Settings(development_sign_in="acme"))}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_request_that_is_not_accepted_returns_to_the_client(
    sign_in: SignIn, changes: dict[str, str], error: str
) -> None:
    answer = answer_of(await sign_in.http.get(f"{AUTHORIZE}?{urlencode(pairs(**changes))}"))
    assert (answer["error"], answer["state"], "code" in answer) == (error, "s&t", False)


async def test_a_parameter_of_the_token_request_is_sent_once(sign_in: SignIn) -> None:
    refused = await sign_in.http.post(f"{ISSUER}/token", content="code=a&code=b", headers=FORM)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_a_code_of_an_administrator_who_was_removed_is_worthless(sign_in: SignIn) -> None:
    code = answer_of(await sign_in.choose(sign_in.founder))["code"]
    where = {**sign_in.scope.match(), "_id": sign_in.founder}
    removal = {"$set": {"state": "DEACTIVATED"}}
    await sign_in.scope.collection("administrators").update_one(where, removal)
    refused = await sign_in.exchange(code)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert "removed" in refused.json()["error_description"]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", "grant_type=\u00fc".encode(), b"a=" + b"x" * 16_384, b"&".join(b"%d=1" % n for n in range(51))],
)
async def test_a_form_that_is_too_long_or_no_text_is_empty(sign_in: SignIn, body: bytes) -> None:
    refused = await sign_in.http.post(f"{ISSUER}/token", content=body, headers=FORM)
    assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_grant_type")
    page = await sign_in.http.post(AUTHORIZE, content=body, headers=FORM)
    assert page.status_code == 400 and "client_id is missing" in page.text
