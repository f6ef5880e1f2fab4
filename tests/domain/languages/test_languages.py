"""Which language a client gets for its Accept-Language header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.languages.languages import Language, choose_language

EN, SR = Language.ENGLISH, Language.SERBIAN


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, EN),
        ("", EN),
        ("sr", SR),
        ("SR-latn-rs", SR),
        ("sr-Cyrl", SR),
        ("de-AT, fr", EN),
        ("de, sr;q=0.1", SR),
        ("sr-RS,sr;q=0.9,en-US;q=0.8,en;q=0.7", SR),
        ("en-US,en;q=0.9,sr;q=0.8", EN),
        ("en;q=0.2, sr;q=0.9", SR),
        ("en;q=0.5, sr;q=0.5", EN),
        ("sr;q=0.5, en;q=0.5", SR),
        ("*", EN),
        ("en;q=0, *", SR),
        ("en;q=0.4, *;q=0.5", SR),
        ("sr;q=0", EN),
        ("*;q=0", EN),
        ("sr;q=high", SR),
        ("srb", EN),
        (" ; , ;q=1,sr", SR),
        ("de," * 400 + "sr", EN),
    ],
)
def test_the_highest_quality_decides(header: str | None, language: Language) -> None:
    assert choose_language(header) is language


@given(st.text() | st.text(alphabet="enser-*;q=01., "))
def test_any_header_gives_a_language(header: str) -> None:
    assert choose_language(header) in Language
