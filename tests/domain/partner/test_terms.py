"""The file of the terms of service: its head and its text."""

import pytest

from domain.partner.terms import DEFAULT_TERMS, MAX_TEXT_LENGTH, Terms, parse_terms


@pytest.mark.parametrize(
    ("source", "terms"),
    [
        ("version: 2\n\n# Terms\n\nText.", Terms("2", None, "# Terms\n\nText.\n")),
        ("version: 2\r\nurl: https://a.example/t\r\n\r\nText.\r\n", Terms("2", "https://a.example/t", "Text.\n")),
        ("\ufeffurl:\nversion: 2026-12\n\nText.", Terms("2026-12", None, "Text.\n")),
    ],
)
def test_reads_version_address_and_text(source: str, terms: Terms) -> None:
    assert parse_terms(source) == terms


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "need `version"),
        ("url: https://a.example\n\nText.", "need `version"),
        (f"version: {'1' * 101}\n\nText.", "need `version"),
        ("version: 1\nurl: javascript:x\n\nText.", "must be an address"),
        ("version: 1\n\n \n", "must follow after a blank line"),
        ("version: 1", "must follow after a blank line"),
        (f"version: 1\n\n{'x' * (MAX_TEXT_LENGTH + 1)}", "1–200,000 characters"),
        ("# Terms\n\nText.", "'# Terms' is neither"),
    ],
)
def test_says_what_is_wrong(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_terms(source)


def test_the_default_terms_are_a_valid_file() -> None:
    assert parse_terms(f"version: {DEFAULT_TERMS.version}\n\n{DEFAULT_TERMS.text}") == DEFAULT_TERMS
