"""The form of e-mail addresses, and which of them are the same."""

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.text.contacts import MAX_EMAIL_LENGTH, fold_email, is_email, is_same_email, read_email
from domain.text.limits import MAX_MARKS


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


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada@fass.example", "ada@fa\u00df.example"),
        ("ada@b\u00fc\u017fing.example", "ada@b\u00fcsing.example"),
        ("o\ufb03ce@b.example", "office@b.example"),
        ("ada@partner.example", "ada@partner.examples"),
    ],
)
def test_addresses_of_different_letters_are_not_the_same(first: str, second: str) -> None:
    assert not is_same_email(first, second) and not is_same_email(second, first)


emails = st.builds("{}@{}.example".format, st.text(min_size=1), st.text(min_size=1))


@settings(max_examples=200)
@given(emails)
def test_an_address_is_the_same_in_its_composed_and_lower_forms(email: str) -> None:
    assert all(is_same_email(email, other) for other in (email, normalize("NFC", email), normalize("NFD", email)))
    assert is_same_email(email, normalize("NFD", email).lower())


@settings(max_examples=200)
@given(emails, emails)
def test_what_is_the_same_has_one_unique_form(first: str, second: str) -> None:
    assert not is_same_email(first, second) or fold_email(first) == fold_email(second)


@settings(max_examples=200)
@given(emails | st.text())
def test_any_typed_text_is_an_address_in_nfc_or_none(typed: str) -> None:
    email = read_email(typed)
    assert email is None or (is_email(email) and is_same_email(email, typed.strip()))


def test_an_address_with_too_many_marks_is_none() -> None:
    assert read_email(f"z{MAX_MARKS * chr(0x308)}@b.example") is not None
    assert read_email(f"z{(MAX_MARKS + 1) * chr(0x308)}@b.example") is None
