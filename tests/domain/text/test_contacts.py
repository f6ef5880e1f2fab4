"""The form of e-mail addresses and country codes."""

import pytest

from domain.text.contacts import MAX_EMAIL_LENGTH, is_email, parse_country_code


@pytest.mark.parametrize(
    "text",
    ["ada@partner.example", "a.b+c@sub.partner.example", "ada@bücher.example", "x@a-b.io", f"{'a' * 64}@b.example"],
)
def test_accepts_an_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@partner",
        "@partner.example",
        "ada@-partner.example",
        "ada@partner.example.",
        "ada lovelace@partner.example",
        "ada@partner.example\n",
        "ada@@partner.example",
        "<ada@partner.example>",
        "ada@part\u202ener.example",
        f"{'a' * 65}@b.example",
    ],
)
def test_rejects_what_is_no_address(text: str) -> None:
    assert not is_email(text)


def test_an_address_has_at_most_254_characters() -> None:
    domain = ".".join(["a" * 60] * 3)
    longest = f"{'b' * (MAX_EMAIL_LENGTH - len(domain) - 9)}@{domain}.example"
    assert len(longest) == MAX_EMAIL_LENGTH and is_email(longest)
    assert not is_email(f"b{longest}")


@pytest.mark.parametrize(("text", "code"), [("DE", "DE"), ("de", "DE"), (" gB\t", "GB")])
def test_a_country_code_is_two_letters_in_upper_case(text: str, code: str) -> None:
    assert parse_country_code(text) == code


@pytest.mark.parametrize("text", ["", "D", "DEU", "D1", "D E", "ÄÖ", "\uff24\uff25", "ß", "\ufb01"])
def test_rejects_what_is_no_country_code(text: str) -> None:
    assert parse_country_code(text) is None
