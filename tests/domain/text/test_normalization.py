"""Typed text is cleaned; text with the same meaning has the same key."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.text.normalization import (
    InvalidCharacter,
    clean_line,
    clean_lines,
    compose,
    has_visible_character,
    name_key,
)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  Gold \t\u3000 EMEA ", "Gold EMEA"),
        ("Gold\r\nEMEA", "Gold EMEA"),
        ("a\u200bb\u202ec", "abc"),
        ("\u200dGold\u200d", "Gold"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("e\u0301", "é"),
        ("\u200b \u00ad", ""),
    ],
)
def test_a_line_is_cleaned(typed: str, clean: str) -> None:
    assert clean_line(typed) == clean


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("\n\n a  b \r\n\u2028c\n\n", "a b\n\nc"),
        ("one\rtwo\u0085three", "one\ntwo\nthree"),
        ("  indented", "indented"),
        ("a\n  b", "a\n b"),
    ],
)
def test_lines_keep_their_breaks(typed: str, clean: str) -> None:
    assert clean_lines(typed) == clean


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\0", "a control character (U+0000)"),
        ("\x1b", "a control character (U+001B)"),
        ("\ud800", "half of a surrogate pair (U+D800)"),
    ],
)
def test_rejects_characters_that_no_text_has(character: str, name: str) -> None:
    for clean in (clean_line, clean_lines):
        with pytest.raises(InvalidCharacter) as raised:
            clean(f"a{character}b")
        assert render_message(raised.value.description, Language.ENGLISH) == name


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u3164", "\u2800\u3000", "\u00ad", "\ufe0f", "\u200d\u115f"])
def test_a_text_without_a_visible_character_is_found(text: str) -> None:
    assert not has_visible_character(text)


@pytest.mark.parametrize("text", ["a", "-", " é ", "\u200bx", "食", "\U0001f3f4\U000e0067", "\u2801"])
def test_one_visible_character_is_enough(text: str) -> None:
    assert has_visible_character(text)


@given(st.text())
def test_composed_text_is_trimmed_and_stays_as_it_is(text: str) -> None:
    composed = compose(text)
    assert (compose(composed), composed.strip()) == (composed, composed)
    assert compose(normalize("NFD", text)) == composed


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_clean_text_stays_as_it_is(text: str) -> None:
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)


@pytest.mark.parametrize(
    ("one", "other"), [("Gold", "gOLD"), ("Straße", "STRASSE"), ("ﬁx", "FIX"), ("é", "e\u0301"), ("a\u200cb", "ab")]
)
def test_names_that_look_alike_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("e", "é"), ("a b", "ab"), ("Gold", "Golden")])
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
