"""Search terms, and the search rule for lists that are filtered in memory.

Lists of customers apply the same rule in the database, through the keys of `words.word_keys`.
"""

from collections.abc import Sequence

from domain.failures import SearchTooLong
from domain.text.folding import split_words
from domain.text.words import have_starts, searched_words

MAX_SEARCH_LENGTH = 100


def parse_search(text: str | None) -> tuple[str, ...] | None:
    """Return the folded terms of a search text, or None where the text is missing or blank: no condition.

    An empty tuple, for a text without letter or digit, matches nothing. Raise SearchTooLong beyond MAX_SEARCH_LENGTH.
    """
    if text is None or not text.strip():
        return None
    if len(text) > MAX_SEARCH_LENGTH:
        raise SearchTooLong(MAX_SEARCH_LENGTH, len(text))
    return tuple(sorted(set(split_words(text))))


def matches_word_prefixes(text: str, terms: Sequence[str]) -> bool:
    """Return whether each folded term stands at a start in some word of the text; False without terms."""
    return have_starts(searched_words(text), terms)
