"""Renders a message in a language: its translation with its arguments, plural forms, dates, numbers and lists.

Babel reads a locale, and a catalogue is read, at the first message that needs it: 20 to 40 ms once for each process.
To read all of them at the start took 8 MB of an idle process and 60 ms.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from domain.languages.catalogues import load_catalogue
from domain.languages.languages import Language
from domain.messages import Argument, Message

# British English writes lists without a comma before "and", as all texts of this project.
_LOCALES: Mapping[Language, Locale] = {
    Language.ENGLISH: Locale("en", "GB"),
    Language.SERBIAN: Locale("sr", script="Latn"),
}
# English dates are ISO 8601, because day and month are unambiguous there; "medium" is the language's own numeric form.
_DATE_FORMATS: Mapping[Language, str] = {Language.ENGLISH: "yyyy-MM-dd", Language.SERBIAN: "medium"}


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
            return _format_number(argument, language)
        case date():
            return _format_date(argument, language)
        case Message():
            return render_message(argument, language)
        case _:
            return format_list([render_message(each, language) for each in argument], locale=_LOCALES[language])


# Lists show the same dates and numbers again and again, and Babel takes 10 µs for each.
@lru_cache(maxsize=4096)
def _format_number(number: int, language: Language) -> str:
    return format_decimal(number, locale=_LOCALES[language])


@lru_cache(maxsize=4096)
def _format_date(day: date, language: Language) -> str:
    return format_date(day, _DATE_FORMATS[language], locale=_LOCALES[language])
