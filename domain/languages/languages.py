"""The languages of the API, and the choice between them (RFC 9110, section 12.5.4; RFC 4647, section 3.4)."""

import re
from enum import StrEnum
from functools import lru_cache

from babel import negotiate_locale

# The rest of a longer header is ignored: it comes from a client, and browsers send fewer than ten languages.
_MAX_LENGTH = 1_000
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


class Language(StrEnum):
    """A language in which messages are rendered, as a BCP 47 tag."""

    ENGLISH = "en"
    SERBIAN = "sr-Latn"


# Babel compares whole tags, then the language alone: "sr" stands for every region and script of Serbian.
_BY_SUBTAG = {"en": Language.ENGLISH, "sr": Language.SERBIAN}


def choose_language(accepted: str | None) -> Language:
    """Return the language for the value of an Accept-Language header; English where it names no language of the API.

    The language with the highest quality is chosen, the first one of the header among equals; 0 excludes a language.
    `*` gives its quality to each language that the header does not name.
    """
    return _choose((accepted or "")[:_MAX_LENGTH])


# Clients send few different headers, and reading one takes as long as a small field.
@lru_cache(maxsize=256)
def _choose(header: str) -> Language:
    named: dict[Language, tuple[float, int]] = {}
    wildcard = (0.0, 0)
    for position, (tag, quality) in enumerate(_parse_ranges(header)):
        preference = (quality, -position)
        if tag == "*":
            wildcard = preference
        elif subtag := negotiate_locale([tag], list(_BY_SUBTAG), sep="-"):
            language = _BY_SUBTAG[subtag]
            named[language] = max(preference, named.get(language, preference))
    best = max(Language, key=lambda language: named.get(language, wildcard))
    return best if named.get(best, wildcard)[0] > 0 else Language.ENGLISH


def _parse_ranges(header: str) -> list[tuple[str, float]]:
    entries = (_parse_range(entry) for entry in header.split(","))
    return [entry for entry in entries if entry is not None]


def _parse_range(entry: str) -> tuple[str, float] | None:
    """Return a language range and its quality; None for an empty entry."""
    tag, *parameters = (part.strip().lower() for part in entry.split(";"))
    weights = (value.strip() for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "q")
    weight = next(weights, "1")
    # An invalid weight states no preference.
    return (tag, float(weight) if _QUALITY.fullmatch(weight) else 1.0) if tag else None
