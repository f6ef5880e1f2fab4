"""The words by which a search finds something, and the keys that customers store for them.

Every word of a search must be the start of a word. Two kinds of words have more than one start or spelling:

- Runs of Han, Hiragana, Katakana, Hangul and Thai have no spaces: in them, any place is a start (食品 finds 广厦食品).
- A German umlaut is found by its base letter and by its two-letter form (`muller` and `mueller` find Müller).

Customers store the prefixes of their words as keys (`w:<prefix>`), so that a search is an equality match on an index.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from domain.text.folding import split_words

WORD_KEY_PREFIX = "w:"
# Longer prefixes are not stored; a longer search term is compared by its first characters and then checked.
PREFIX_LENGTH = 24
# Where any place is a start, prefixes are shorter: a text of n characters has n × 8 keys at most.
UNSPACED_PREFIX_LENGTH = 8
# The newest living subscriptions and trials of a customer whose numbers are searched: as many as a customer lists.
MAX_SEARCHED_NUMBERS = 200
_UNSPACED_SCRIPTS = ("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "HANGUL ", "THAI ")
_TWO_LETTER_FORMS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"}
# Every combination of spellings is stored; no German word has more umlauts.
_MAX_UMLAUTS = 4


def customer_words(name: str, domain: str | None, external_id: str, numbers: Sequence[str] = ()) -> list[str]:
    """Return the distinct words by which a search finds the customer, sorted.

    `numbers` are those of its living subscriptions and trials, the newest first.
    """
    texts = (name, domain or "", external_id, *numbers[:MAX_SEARCHED_NUMBERS])
    return sorted({word for text in texts for word in searched_words(text)})


def searched_words(text: str) -> list[str]:
    """Return the folded words of a text in all their spellings."""
    words = split_words(text)
    if text.isascii():
        return words
    for token in unicodedata.normalize("NFC", text).split():
        for spelling in _two_letter_spellings(token):
            words += split_words(spelling)
    return words


def have_starts(words: Collection[str], terms: Collection[str]) -> bool:
    """Return whether each folded search term stands at a start in one of the words; False without terms."""
    return bool(terms) and all(has_start(words, term) for term in terms)


def has_start(words: Collection[str], term: str) -> bool:
    """Return whether a folded search term stands at a start in one of the words."""
    if is_unspaced(term[0]):
        return any(term in word for word in words)
    return any(word.startswith(term) for word in words)


@lru_cache(maxsize=8192)
def is_unspaced(character: str) -> bool:
    """Return whether the character is of a script that puts no spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED_SCRIPTS)


def texts_from_starts(word: str) -> list[str]:
    """Return the text from each start to the end of the word: `has_start` holds for the prefixes of these texts."""
    return [word] if word.isascii() else [word[start:] for start in _starts(word)]


def word_keys(words: Iterable[str]) -> list[str]:
    """Return the key of every stored prefix of every word, distinct and sorted."""
    texts = (text for word in words for text in texts_from_starts(word))
    return sorted({key for text in texts for key in _prefix_keys(text)})


def term_key(term: str) -> str:
    """Return the key that every customer has in which the term stands at a start."""
    return WORD_KEY_PREFIX + term[: _prefix_length(term[0])]


def is_decided_by_key(term: str) -> bool:
    """Return whether every customer with the key of the term matches: longer terms are cut."""
    return len(term) <= _prefix_length(term[0])


def _prefix_keys(text: str) -> list[str]:
    """Return the key of every stored prefix of a text that begins at a start."""
    longest = WORD_KEY_PREFIX + text[: _prefix_length(text[0])]
    return [longest[:end] for end in range(len(WORD_KEY_PREFIX) + 1, len(longest) + 1)]


def _starts(word: str) -> list[int]:
    return [place for place, character in enumerate(word) if place == 0 or is_unspaced(character)]


def _prefix_length(first_character: str) -> int:
    return UNSPACED_PREFIX_LENGTH if is_unspaced(first_character) else PREFIX_LENGTH


def _two_letter_spellings(token: str) -> Iterator[str]:
    """Yield the spellings in which at least one umlaut has its two-letter form."""
    places = [place for place, letter in enumerate(token) if letter in _TWO_LETTER_FORMS][:_MAX_UMLAUTS]
    for chosen in product((False, True), repeat=len(places)):
        replaced = {place for place, is_chosen in zip(places, chosen, strict=True) if is_chosen}
        if replaced:
            yield "".join(_TWO_LETTER_FORMS[c] if place in replaced else c for place, c in enumerate(token))
