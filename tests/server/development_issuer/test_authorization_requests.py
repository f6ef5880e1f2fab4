"""Authorization requests: what is answered with a redirect, what with an error, and what never leaves the server."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.development_issuer.authorization_requests import (
    InvalidRequest,
    RedirectedError,
    is_accepted_redirect,
    parse_authorization_request,
)
from tests.server.development_issuer.factory_requests import ORIGINS, pairs


def test_the_answer_goes_to_the_redirect_address_with_its_own_query_and_the_state() -> None:
    request = parse_authorization_request(pairs(), ORIGINS)
    assert (request.client_id, request.redirect_origin, request.has_openid) == (
        "my-page",
        "https://app.example.com",
        True,
    )
    answer = parse_qs(urlsplit(request.location(code="c+d")).query)
    assert answer == {"tab": ["1"], "code": ["c+d"], "state": ["s&t"]}
    without_state = parse_authorization_request(pairs(state=None, redirect_uri="http://127.0.0.1:8000/"), ORIGINS)
    assert without_state.location(code="c") == "http://127.0.0.1:8000/?code=c"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/list",
        "//app.example.com/",
        "https://app.example.com.evil.example/",
        "https://app.example.com:444/",
        "https://app.example.com@evil.example/",
        "https://evil.example/https://app.example.com/",
        "https://app.example.com#fragment",
        "https://app.example.com\\@evil.example/",
        "https://app.example.com/\r\nSet-Cookie: a=b",
        "https://app.example.com\t.evil.example",
        "https://user@app.example.com/",
        "https://[::1/",
        "http://app.example.com/",
        "HTTPS://app.example.com/",
        "javascript:alert(1)//https://app.example.com/",
        "https://app.example.com/" + "a" * 1000,
    ],
)
def test_another_redirect_address_is_never_redirected_to(uri: str) -> None:
    assert not is_accepted_redirect(uri, ORIGINS)
    with pytest.raises(InvalidRequest, match=r"redirect_uri .* PARTNERHUB_ALLOWED_ORIGINS"):
        parse_authorization_request(pairs(redirect_uri=uri, response_type="token"), ORIGINS)


@given(st.text(max_size=60))
def test_an_accepted_address_begins_with_an_origin(rest: str) -> None:
    for origin in ORIGINS:
        uri = f"{origin}{rest}"
        assert not is_accepted_redirect(uri, ORIGINS) or rest == "" or rest[0] in "/?"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "v" * 42}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_not_supported"),
    ],
)
def test_the_client_receives_its_mistakes(changes: dict[str, str | None], code: str) -> None:
    with pytest.raises(RedirectedError) as refused:
        parse_authorization_request(pairs(**changes), ORIGINS)
    answer = parse_qs(urlsplit(refused.value.location).query)
    assert (answer["error"], answer["state"], "code" in answer) == ([code], ["s&t"], False)


@pytest.mark.parametrize("client_id", [None, "", "a b", "ü", "a" * 201])
def test_a_client_id_is_visible_ascii(client_id: str | None) -> None:
    with pytest.raises(InvalidRequest, match="client_id"):
        parse_authorization_request(pairs(client_id=client_id), ORIGINS)


def test_parameters_are_limited_and_single() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        parse_authorization_request([*pairs(), ("redirect_uri", "https://evil.example/")], ORIGINS)
    with pytest.raises(InvalidRequest, match="2000 characters"):
        parse_authorization_request(pairs(state="s" * 2001), ORIGINS)
