"""What an operator writes about issuers: accepted forms, explained mistakes, and how claims are read by it."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.failures import OperatorError
from server.auth.claims import Claims, TokenRefused, read_times
from server.auth.issuer_settings import IssuerSettings, read_issuers
from server.auth.oidc_issuer import OidcIssuer
from tests.server.auth.factory_tokens import ISSUED, NOW
from tests.server_process import ROOT

ISSUER = "https://login.example.com/realms/partners"
WHOLE: dict[str, Any] = {"issuer": ISSUER, "audience": "hub"}


def test_reads_json_or_the_path_of_a_file(tmp_path: Path) -> None:
    text = orjson.dumps([WHOLE, {"issuer": "http://localhost:8080/", "audience": ["a", "b"]}]).decode()
    file = tmp_path / "issuers.json"
    file.write_text(text)
    assert read_issuers(f"\n {text}") == read_issuers(str(file))
    first, second = read_issuers(text)
    assert (first.issuer, first.audiences, second.audiences) == (
        ISSUER,
        frozenset({"hub"}),
        frozenset({"a", "b"}),
    )
    assert first.accepted_algorithms == {"RS256", "ES256", "EdDSA", "Ed25519"}
    assert read_issuers(" ") == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"audience": "hub"}, "issuer 1: issuer is missing"),
        ({"issuer": ISSUER}, "issuer 1: audience is missing"),
        ({**WHOLE, "audience": []}, "issuer 1: audience"),
        ({**WHOLE, "issuer": "login.example.com"}, "issuer 1: issuer must be an address such as https://"),
        ({**WHOLE, "issuer": "http://login.example.com/"}, "issuer 1: issuer must be https"),
        ({**WHOLE, "issuer": "https://a:b@login.example.com/"}, "issuer 1: issuer must be an address"),
        ({**WHOLE, "issuer": f"{ISSUER}?a=b"}, "issuer 1: issuer must be an address without a query"),
        ({**WHOLE, "jwks_url": "ftp://login.example.com/keys"}, "issuer 1: jwks_url must be https"),
        (
            {**WHOLE, "algorithms": ["HS256"]},
            "issuer 1: algorithms must be one of RS256, ES256, EdDSA",
        ),
        ({**WHOLE, "algorithms": []}, "issuer 1: algorithms"),
        ({**WHOLE, "audiance": "x"}, "issuer 1: audiance is no setting of an issuer; these are: issuer, audience"),
        ({**WHOLE, "partner": "No Spaces"}, "issuer 1: partner must be a partner's id"),
        ({**WHOLE, "partner": "a", "partners": ["b"]}, "issuer 1: has both partner and partners"),
        (
            {**WHOLE, "scopes": {"admin": "root"}},
            "issuer 1: scopes must be one of api, import, import:administrators, metrics",
        ),
        ({**WHOLE, "email_claim": ""}, "issuer 1: email_claim"),
        ("text", "issuer 1: is no JSON object"),
        ({**WHOLE, "issuer": 5}, "issuer 1: issuer must be a text"),
        ({**WHOLE, "algorithms": "RS256"}, "issuer 1: algorithms must be a list"),
        ({**WHOLE, "audience": {}}, "issuer 1: audience must be a text or a list of texts"),
        ({**WHOLE, "partners": ["No Spaces"]}, "issuer 1: partners must be a partner's id"),
    ],
)
def test_explains_each_mistake(entry: object, message: str) -> None:
    with pytest.raises(OperatorError) as refused:
        read_issuers(orjson.dumps([entry]).decode())
    assert str(refused.value).startswith(f"PARTNERHUB_TOKEN_ISSUERS: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "must be a JSON array of issuers"),
        ("[", "this is not JSON"),
        ("nowhere.json", "nowhere.json cannot be read: No such file or directory"),
        (orjson.dumps([WHOLE, WHOLE]).decode(), f"{ISSUER} is named more than once"),
        (orjson.dumps([{"issuer": ISSUER}, {"audience": "hub"}]).decode(), "issuer 2: issuer is missing"),
    ],
)
def test_explains_what_is_no_list_of_issuers(text: str, message: str) -> None:
    with pytest.raises(OperatorError, match=f"^PARTNERHUB_TOKEN_ISSUERS.*{message}"):
        read_issuers(text)


def test_the_examples_of_the_documentation_are_right() -> None:
    text = (ROOT / "docs" / "authentication.md").read_text()
    examples = re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert [len(read_issuers(example)) for example in examples] == [1] * 4
    documented = re.findall(r"^\| `(\w+)` \|", text.partition("| Setting |")[2].partition("\n\n")[0], re.MULTILINE)
    assert documented == list(IssuerSettings.__struct_fields__)


def read(claims: dict[str, Any], **settings: Any) -> Claims:
    """Read claims of a token of the issuer, which would otherwise be accepted."""
    whole = {"email": "ada@partner.example", "partner": "aurora", "scope": "api", "iat": ISSUED, "exp": ISSUED + 60}
    whole |= claims
    read_settings = read_issuers(orjson.dumps([{**WHOLE, **settings}]).decode())[0]
    issuer = OidcIssuer(read_settings, None, None)  # type: ignore[arg-type]
    return issuer.read_claims(whole, read_times(whole, NOW))


def test_scopes_of_the_issuer_mean_scopes_here() -> None:
    assert read({"scope": "openid api import metrics"}).scopes == {"api", "import"}
    roles = {"realm_access": {"roles": ["hub-user", "hub-metrics", 5, None]}}
    mapping = {"hub-user": "api", "hub-metrics": "metrics"}
    assert read(roles, scope_claim=["realm_access", "roles"], scopes=mapping).scopes == {"api", "metrics"}
    for missing in ({"scope": None}, {"scope": 5}, {"scope": {"api": 1}}):
        assert read(missing).scopes == frozenset()


def test_the_partner_is_fixed_or_named_by_a_claim() -> None:
    assert read({}).partner_id == "aurora"
    assert read({"partner": "other"}, partner="aurora").partner_id == "aurora"
    assert read({"https://hub/partner": "b-1"}, partner_claim="https://hub/partner").partner_id == "b-1"
    assert read({"org": {"id": "b-1"}}, partner_claim=["org", "id"], partners=["b-1"]).partner_id == "b-1"


def test_an_administrator_is_named_by_address_or_id() -> None:
    assert read({"upn": "ADA@x.example"}, email_claim="upn").email == "ADA@x.example"
    assert read({"email": "zoe\u0308@x.example", "email_verified": "true"}).email == "zo\u00eb@x.example"
    by_id = read({"sub": "adm_1", "email": None, "email_verified": False}, administrator_claim="sub")
    assert (by_id.administrator_id, by_id.email) == ("adm_1", None)


@pytest.mark.parametrize(
    ("claims", "settings"),
    [
        ({"email": None}, {}),
        ({"email": 5}, {}),
        ({"email": "nobody"}, {}),
        ({"email": f"{'a' * 300}@x.example"}, {}),
        ({"email": {"$gt": ""}}, {}),
        ({"email_verified": False}, {}),
        ({"email_verified": "false"}, {}),
        ({"email_verified": None}, {}),
        ({"email_verified": 0}, {}),
        ({"partner": None}, {}),
        ({"partner": "*"}, {}),
        ({"partner": "Aurora"}, {}),
        ({"partner": {"$gt": ""}}, {}),
        ({"partner": "aurora"}, {"partners": ["borealis"]}),
        ({"sub": 5}, {"administrator_claim": "sub"}),
        ({"sub": ""}, {"administrator_claim": "sub"}),
        ({}, {"administrator_claim": ["a", "b"]}),
    ],
)
def test_refuses_claims_that_name_nobody(claims: dict[str, Any], settings: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        read(claims, **settings)
