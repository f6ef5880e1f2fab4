"""How text is folded: the words that a search compares, and the form that text sorts by."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from anyascii import anyascii

PREFIX_LENGTH = 24
WORD_KEY_PREFIX = "w:"
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold_for_sorting(text: str) -> str:
    """What text sorts by: its Latin transliteration, casefolded (`Đorđević` becomes `dordevic`, `株式` `zhushi`)."""
    return text.lower() if text.isascii() else anyascii(text).casefold()


def fold(text: str) -> str:
    """Text without case, width and diacritics; scripts other than Latin stay what they are."""
    if text.isascii():
        return text.lower()
    once = _without_marks(unicodedata.normalize("NFKD", text)).casefold()
    # Casefolding undoes some compositions, so what it brought out is decomposed and stripped once more.
    bare = _without_marks(unicodedata.normalize("NFKD", once))
    return unicodedata.normalize("NFKC", "".join(map(_latin_letter, bare)))


def split_words(text: str) -> list[str]:
    """The folded words of a text in their order: runs of letters and digits, with the marks that belong to them."""
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    spaced = "".join(character if _is_of_a_word(character) else " " for character in folded)
    return [word for word in spaced.split() if any(map(str.isalnum, word))]


def customer_words(name: str, domain: str | None, external_id: str) -> list[str]:
    """The distinct words that a customer is found by, sorted."""
    return sorted({*split_words(name), *split_words(domain or ""), *split_words(external_id)})


def prefix_keys(of_words: Iterable[str]) -> list[str]:
    """The key `w:<prefix>` for every prefix of up to PREFIX_LENGTH characters of every word, each once."""
    prefixes = {word[:length] for word in of_words for length in range(1, min(len(word), PREFIX_LENGTH) + 1)}
    return [WORD_KEY_PREFIX + prefix for prefix in sorted(prefixes)]


def _without_marks(decomposed: str) -> str:
    return "".join(character for character in decomposed if not _is_diacritic(character))


@lru_cache(maxsize=4096)
def _is_diacritic(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return True  # Soft hyphens, joiners and direction marks cannot be seen, so nobody types them.
    if category != "Mn":
        return False
    # Marks that carry the word itself stay: a kana's voicing, an Indic vowel or virama, a Thai vowel or tone.
    position = unicodedata.combining(character)
    return position == 1 or 10 <= position <= 36 or position >= 200 or _is_variation(character)


def _is_variation(character: str) -> bool:
    return "VARIATION SELECTOR" in unicodedata.name(character, "") or character == "\u034f"


@lru_cache(maxsize=4096)
def _latin_letter(character: str) -> str:
    """The plain letters that a Latin letter without a decomposition stands for: đ is d, ø is o, æ is ae."""
    if character.isascii() or not unicodedata.name(character, "").startswith("LATIN "):
        return character
    return "".join(filter(str.isalnum, anyascii(character).casefold()))


@lru_cache(maxsize=4096)
def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
