"""The words by which a search finds something: where a term may start, how a word is spelled, and the stored keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.text.folding import split_words
from domain.text.words import (
    MAX_SEARCHED_NUMBERS,
    PREFIX_LENGTH,
    customer_words,
    has_start,
    is_decided_by_key,
    searched_words,
    term_key,
    word_keys,
)


def is_found(term: str, text: str) -> bool:
    (folded,) = split_words(term)
    return has_start(searched_words(text), folded)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("食品", "广厦食品"),
        ("会社", "株式会社サンプル"),
        ("ンプ", "株式会社サンプル"),
        ("전자", "삼성전자"),
        ("ไทย", "ธนาคารไทยพาณิชย์"),
        ("食品", "ABC食品"),
        ("品ab", "食品abc"),
        ("muller", "Müller"),
        ("mueller", "Müller"),
        ("MÜLL", "Müller"),
        ("muell", "mu\u0308ller"),
        ("ueberpruf", "Überprüfung"),
        ("uberpruef", "Überprüfung"),
        ("oezdemir", "GmbH Özdemir-Söhne"),
        ("soehne", "GmbH Özdemir-Söhne"),
        ("strasse", "Straße"),
    ],
)
def test_finds(term: str, text: str) -> None:
    assert is_found(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("ller", "Müller"),
        ("uller", "Mueller"),
        ("bc", "ABC食品"),
        ("食厦", "广厦食品"),
        ("mueller", "Muller"),
        ("x", ""),
    ],
)
def test_does_not_find(term: str, text: str) -> None:
    assert not is_found(term, text)


def test_the_words_of_a_customer_are_distinct_and_sorted() -> None:
    assert customer_words("Müller AG", "mueller.de", "AG-7") == ["7", "ag", "de", "mueller", "muller"]
    assert customer_words("Acme", None, "acme", ["S-42", "S-43"]) == ["42", "43", "acme", "s"]


def test_a_customer_is_found_by_a_bounded_number_of_numbers() -> None:
    words = customer_words("A", None, "B", [f"{number}" for number in range(5_000)])
    assert len(words) == MAX_SEARCHED_NUMBERS + 2


def test_every_prefix_of_every_word_is_a_key_once() -> None:
    assert word_keys(["ab", "ac"]) == ["w:a", "w:ab", "w:ac"]
    assert word_keys(["a食品"]) == ["w:a", "w:a食", "w:a食品", "w:品", "w:食", "w:食品"]
    assert max(map(len, word_keys(["x" * 100]))) == PREFIX_LENGTH + len("w:")


def test_the_longest_name_has_a_bounded_number_of_keys() -> None:
    assert len(word_keys(searched_words("".join(map(chr, range(0x4E00, 0x4E00 + 100)))))) <= 100 * 8
    assert len(searched_words("ü" * 100)) <= 16


texts = st.text(alphabet="aü ß食品サ가ไ-1", max_size=12)


@settings(max_examples=300)
@given(texts, texts)
def test_a_match_has_the_key_of_the_term_and_a_decisive_key_is_a_match(text: str, search: str) -> None:
    words = searched_words(text)
    keys = set(word_keys(words))
    for term in split_words(search):
        is_match = has_start(words, term)
        assert is_match <= (term_key(term) in keys)
        if is_decided_by_key(term):
            assert is_match == (term_key(term) in keys)


@settings(max_examples=300)
@given(texts)
def test_a_text_is_found_by_its_own_words(text: str) -> None:
    words = searched_words(text)
    assert set(split_words(text)) <= set(words)
    assert all(has_start(words, term) for term in split_words(text))
