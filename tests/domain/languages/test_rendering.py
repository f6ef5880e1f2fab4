"""Messages in a language: arguments, numbers, dates, lists and nested messages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import Message, translatable, translatable_plural

EN, SR = Language.ENGLISH, Language.SERBIAN
NAMES = tuple(Message(name) for name in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("message", "english", "serbian"),
    [
        (
            translatable("{n} and {on}", n=12_345, on=date(2026, 12, 4)),
            "12,345 and 2026-12-04",
            "12.345 and 4. 12. 2026.",
        ),
        (translatable("{names}.", names=NAMES), "a, b and c.", "a, b i c."),
        (translatable("{names}.", names=NAMES[:1]), "a.", "a."),
        (translatable("[{inner}]", inner=translatable("{n}", n=1_000)), "[1,000]", "[1.000]"),
        (translatable_plural("{count} day", "{count} days", 1), "1 day", "1 day"),
        (translatable_plural("{count} day", "{count} days", 21), "21 days", "21 days"),
    ],
)
def test_arguments_take_the_form_of_the_language(message: Message, english: str, serbian: str) -> None:
    assert (render_message(message, EN), render_message(message, SR)) == (english, serbian)


@given(st.text(), st.sampled_from(Language))
def test_a_text_is_inserted_as_it_is(text: str, language: Language) -> None:
    assert render_message(translatable("<{text}>", text=text), language) == f"<{text}>"
