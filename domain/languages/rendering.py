"""Renders a message in a language: its translation with its arguments, plural forms, dates, numbers and lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.languages.catalogues import load_catalogue
from domain.languages.languages import Language
from domain.messages import Argument, Message


@dataclass(frozen=True, slots=True)
class _Forms:
    """How a language writes numbers, dates (a format of a `date`) and the last separator of a list.

    They are those of Babel, and a test compares them. Babel itself would read all names of countries, currencies and
    time zones of a language: 6 MB for the two languages.
    """

    thousands: str
    date: str
    last_separator: str


# English dates are ISO 8601, because day and month are unambiguous there. British English writes lists without a comma
# before "and", as all texts of this project.
_FORMS: Mapping[Language, _Forms] = {
    Language.ENGLISH: _Forms(",", "{0.year:04}-{0.month:02}-{0.day:02}", " and "),
    Language.SERBIAN: _Forms(".", "{0.day}. {0.month}. {0.year}.", " i "),
}


def load_languages() -> None:
    """Read the catalogues, some 50 ms, so that no request waits for it."""
    for language in Language:
        load_catalogue(language)


def render_message(message: Message, language: Language) -> str:
    """Return the sentence in the language, in English where the catalogue lacks it."""
    arguments = {name: _render_argument(argument, language) for name, argument in message.arguments.items()}
    return _translate(message, language).format_map(arguments)


def _translate(message: Message, language: Language) -> str:
    catalogue = load_catalogue(language)
    count = message.arguments.get("count")
    if message.plural is None or not isinstance(count, int):
        return catalogue.gettext(message.text)
    return catalogue.ngettext(message.text, message.plural, count)


def _render_argument(argument: Argument, language: Language) -> str:
    match argument:
        case str():
            return argument
        case int():
            return f"{argument:,}".replace(",", _FORMS[language].thousands)
        case date():
            return _FORMS[language].date.format(argument)
        case Message():
            return render_message(argument, language)
        case _:
            return _join([render_message(each, language) for each in argument], _FORMS[language].last_separator)


def _join(parts: Sequence[str], last_separator: str) -> str:
    first, last = ", ".join(parts[:-1]), parts[-1:]
    return last_separator.join([first, *last] if first else last)
