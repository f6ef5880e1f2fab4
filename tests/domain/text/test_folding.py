"""Words of a search and the form that text sorts by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text.folding import fold, fold_for_sorting, split_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đorđević", ["dordevic"]),
        ("Müller-Lüdenscheidt", ["muller", "ludenscheidt"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Łódź Øresund Ærø Þór", ["lodz", "oresund", "aero", "thor"]),
        ("İstanbul Işık", ["istanbul", "isik"]),
        ("株式会社 ＡＣＭＥ", ["株式会社", "acme"]),
        ("ｶﾞｽ ガス", ["ガス", "ガス"]),
        ("हिन्दी संस्थान", ["हिन्दी", "संस्थान"]),
        ("삼성전자", ["삼성전자"]),
        ("Йога Ёлка", ["иога", "елка"]),
        ("ΑΣ ας", ["ασ", "ασ"]),
        ("co\u00adop a\u200bb", ["coop", "ab"]),
        ("ORG-0042_x", ["org", "0042", "x"]),
        ("ﬁrma ②", ["firma", "2"]),
        (" -_. \u0301", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_case_width_and_diacritics(text: str, expected: list[str]) -> None:
    assert split_words(text) == expected


def test_scripts_other_than_latin_are_not_transliterated_for_search() -> None:
    assert "zhushihuishe" not in split_words("株式会社")
    assert split_words("Омега") == ["омега"]


def test_a_voiced_kana_is_another_letter() -> None:
    assert split_words("か") != split_words("が")


def test_text_sorts_by_its_transliteration() -> None:
    assert fold_for_sorting("Đorđević") == "dordevic"
    assert fold_for_sorting("ACME Ltd") == "acme ltd"
    assert fold_for_sorting("Омега") == "omega"
    assert fold_for_sorting("Straße") == fold_for_sorting("STRASSE")


@given(st.text())
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert split_words(" ".join(split_words(text))) == split_words(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_case_never_counts_in_latin_text(text: str) -> None:
    assert split_words(text.upper()) == split_words(text.upper().lower())


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_every_word_has_a_letter_or_digit_and_no_space(text: str) -> None:
    assert all(any(map(str.isalnum, word)) and not any(map(str.isspace, word)) for word in split_words(text))
    assert split_words(fold(text)) == split_words(text)
