"""The form of e-mail addresses, and which of them are the same."""

import pytest

from domain.text.contacts import MAX_EMAIL_LENGTH, fold_email, is_email


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


@pytest.mark.parametrize(
    "other", ["zo\u00eb@b\u00fccher.example", "zoe\u0308@bu\u0308cher.example", "ZOE\u0308@B\u00dcCHER.Example"]
)
def test_an_address_is_the_same_in_every_case_and_unicode_form(other: str) -> None:
    assert fold_email(other) == "zo\u00eb@b\u00fccher.example"


def test_different_addresses_stay_different() -> None:
    assert fold_email("zoe@b.example") != fold_email("zo\u00eb@b.example")
