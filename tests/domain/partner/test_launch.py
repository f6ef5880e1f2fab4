"""Tokens of launches, and the console's address."""

from posixpath import normpath
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.partner.launch import (
    LaunchReference,
    build_console_url,
    is_console_id,
    sign_launch_token,
    verify_launch_token,
)
from tests import random_values as rv
from tests.random_values import seeded

SECRET = b"s" * 32
PARTNERS = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
LAUNCHES = st.from_regex(r"lch_[0-9a-f]{24}", fullmatch=True)
NAME = LaunchReference("acme", "lch_0123456789abcdef01234567")


@given(PARTNERS, LAUNCHES)
def test_a_token_names_its_launch(partner: str, launch: str) -> None:
    name = LaunchReference(partner, launch)
    token = sign_launch_token(SECRET, name)
    assert verify_launch_token([SECRET], token) == name
    assert verify_launch_token([b"t" * 32], token) is None
    assert verify_launch_token([b"t" * 32, SECRET], token) == name


@given(st.integers(0, 200), st.characters())
def test_another_text_names_nothing(place: int, character: str) -> None:
    token = sign_launch_token(SECRET, NAME)
    place %= len(token)
    forged = token[:place] + character + token[place + 1 :]
    assert forged == token or verify_launch_token([SECRET], forged) is None


@given(st.text(max_size=100))
def test_made_up_texts_name_nothing(text: str) -> None:
    assert verify_launch_token([SECRET], text) is None


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_token_that_was_cut_names_nothing(cut: int) -> None:
    token = sign_launch_token(SECRET, NAME)
    assert verify_launch_token([SECRET], token[:-cut]) is verify_launch_token([SECRET], token[cut:]) is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_an_external_id_stays_in_its_place(external_id: str) -> None:
    assume(is_console_id(external_id))
    address = build_console_url("https://admin.example.com/?org={externalId}", external_id)
    parts = urlsplit(address)
    assert address.isascii() and (parts.netloc, parts.path, parts.fragment) == ("admin.example.com", "/", "")
    assert parse_qs(parts.query, keep_blank_values=True, errors="strict") == {"org": [external_id]}


DOTS = (".", "..", "%2e", "%2E%2e", "%252e%252e", "..;x", ". .")
STEPS = (*DOTS, "a", "", "//evil.example", "https:", "javascript:", "?", "#")
PATH_TEMPLATE = "https://console.example/org/{externalId}/home"


SLASHES = ("/", "\\", "%2f", "%5C", "%252F")
IDS = rv.builds(
    lambda steps, slash: slash.join(steps),
    rv.lists(rv.sampled_from(STEPS), min_size=1, max_size=4),
    rv.sampled_from(SLASHES),
)


@settings(max_examples=200)
@given(seeded(IDS.filter(is_console_id)))
def test_no_id_leads_to_another_path(external_id: str) -> None:
    address = build_console_url(PATH_TEMPLATE, external_id)
    for _ in range(5):
        # A server that decodes once more still finds the path below /org/.
        path = urlsplit(address).path.replace("\\", "/")
        assert normpath(path).startswith("/org/") or normpath(path) == "/org", address
        assert urlsplit(address).netloc == "console.example" and urlsplit(address).scheme == "https"
        address = unquote(address)


STEPPING = ["..", ".", "../x", "x/..", "x\\..\\y", "%2e%2e", "..%2Fx", "%252e%252e%252fx", "..;a=b", " .. "]


@pytest.mark.parametrize("external_id", [*STEPPING, "%25252525252e"])
def test_an_id_with_a_step_is_in_no_address(external_id: str) -> None:
    assert not is_console_id(external_id)
    with pytest.raises(ValueError, match="address"):
        build_console_url(PATH_TEMPLATE, external_id)


@pytest.mark.parametrize("external_id", ["ORG 1/ä&x", "a..b", "...", "1.2", "100%", "//host", "a%2Fb", "x;.."])
def test_other_ids_are_in_addresses(external_id: str) -> None:
    assert build_console_url(PATH_TEMPLATE, external_id).startswith("https://console.example/org/")
