"""A search in any list but customers: the same words, found by the same rule (domain.md, "Lists")."""

from collections.abc import Sequence

from domain.failures import SearchTooLong
from domain.text.folding import split_words

MAX_SEARCH_LENGTH = 100


def parse_search(text: str | None) -> tuple[str, ...] | None:
    """The words that must each begin a word of what is found; None where nothing is asked.

    An empty tuple matches nothing: the text has neither letter nor digit. BadUserInput for one that is too long.
    """
    if text is None or not text.strip():
        return None
    if len(text) > MAX_SEARCH_LENGTH:
        raise SearchTooLong(MAX_SEARCH_LENGTH, len(text))
    return tuple(sorted(set(split_words(text))))


def matches_word_prefixes(text: str, wanted: Sequence[str]) -> bool:
    """Whether each of the folded words is the start of a word of the text; with none it matches nothing."""
    held = split_words(text)
    return bool(wanted) and all(any(word.startswith(start) for word in held) for start in wanted)
