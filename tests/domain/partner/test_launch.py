"""Tokens of launches, and the console's address."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.partner.launch import LaunchReference, build_console_url, sign_launch_token, verify_launch_token

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
    address = build_console_url("https://admin.example.com/?org={externalId}", external_id)
    parts = urlsplit(address)
    assert address.isascii() and (parts.netloc, parts.path, parts.fragment) == ("admin.example.com", "/", "")
    assert parse_qs(parts.query, keep_blank_values=True, errors="strict") == {"org": [external_id]}
