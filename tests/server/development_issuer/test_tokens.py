"""The tokens of the development sign-in: the API accepts the access token, and never the id token."""

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from domain.failures import Unauthenticated
from domain.types import PartnerRole
from server.auth.tokens import ALGORITHM, LocalIssuer
from server.auth.verifier import TokenVerifier
from server.development_issuer.authorization_requests import parse_authorization_request
from server.development_issuer.codes import Grant
from server.development_issuer.tokens import token_response
from tests.installation_keys import KEYS
from tests.server.auth.factory_tokens import ISSUED, NOW
from tests.server.development_issuer.factory_requests import ORIGINS, pairs
from tests.stored_documents import stored_administrator

ISSUER = "http://127.0.0.1:8000/development-sign-in"
LIFETIME = timedelta(hours=2)
ADA = stored_administrator("adm_1", PartnerRole.ADMINISTRATOR, "Ada Lovelace", email="ada@partner.example")
VERIFIER = TokenVerifier([LocalIssuer(KEYS.public)])


def tokens(**changes: str | None) -> dict[str, Any]:
    grant = Grant(parse_authorization_request(pairs(**changes), ORIGINS), ADA.id, NOW)
    return token_response(KEYS.signing, ISSUER, "aurora", ADA, grant, NOW, LIFETIME)


def id_claims(response: dict[str, Any]) -> dict[str, Any]:
    key = OKPKey.import_key(dict(KEYS.public[0]))
    return jwt.decode(response["id_token"], key, algorithms=[ALGORITHM]).claims


async def test_the_access_token_is_one_of_the_local_issuer() -> None:
    response = tokens()
    claims = await VERIFIER.verify(response["access_token"], NOW)
    assert (claims.partner_id, claims.administrator_id, claims.scopes) == ("aurora", "adm_1", frozenset({"api"}))
    assert claims.expires_at == NOW + LIFETIME
    assert (response["token_type"], response["expires_in"]) == ("Bearer", 7200)


async def test_the_id_token_is_for_the_client_alone() -> None:
    response = tokens()
    assert id_claims(response) == {
        "iss": ISSUER,
        "aud": "my-page",
        "sub": "adm_1",
        "name": "Ada Lovelace",
        "email": "ada@partner.example",
        "iat": ISSUED,
        "auth_time": ISSUED,
        "exp": ISSUED + 7200,
        "nonce": "n-1",
    }
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(response["id_token"], NOW)


@pytest.mark.parametrize("nonce", [None, ""])
def test_a_nonce_that_was_not_sent_is_not_returned(nonce: str | None) -> None:
    assert "nonce" not in id_claims(tokens(nonce=nonce))


@pytest.mark.parametrize("scope", [None, "", "profile email", "openidx"])
def test_without_the_scope_openid_there_is_no_id_token(scope: str | None) -> None:
    response = tokens(scope=scope)
    assert set(response) == {"access_token", "token_type", "expires_in", "scope"} and response["scope"] == ""
