"""Text folding, in two forms.

- *Searching* compares words folded by `fold`: without case, width and diacritics, in their own script.
- *Sorting* compares `fold_for_sorting`: a Latin transliteration, so that all scripts sort in one alphabet.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold_for_sorting(text: str) -> str:
    """Return the sort key: the Latin transliteration, casefolded (`Đorđević` → `dordevic`, `株式` → `zhushi`)."""
    return text.lower() if text.isascii() else anyascii(text).casefold()


def fold(text: str) -> str:
    """Return the text without case, width and diacritics; letters of other scripts than Latin are kept."""
    if text.isascii():
        return text.lower()
    casefolded = _without_marks(unicodedata.normalize("NFKD", text)).casefold()
    # Casefolding can produce new composed characters: decompose and remove marks again.
    bare = _without_marks(unicodedata.normalize("NFKD", casefolded))
    return unicodedata.normalize("NFKC", "".join(map(_latin_letter, bare)))


def split_words(text: str) -> list[str]:
    """Return the folded words in order: runs of letters and digits, including their combining marks."""
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    spaced = "".join(character if _is_word_character(character) else " " for character in folded)
    return [word for word in spaced.split() if any(map(str.isalnum, word))]


def _without_marks(decomposed: str) -> str:
    return "".join(character for character in decomposed if not _is_diacritic(character))


@lru_cache(maxsize=4096)
def _is_diacritic(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return True  # Soft hyphens, joiners and direction marks are invisible and not typed in a search.
    if category != "Mn":
        return False
    # Keep the marks that distinguish words: a kana's voicing, an Indic vowel or virama, a Thai vowel or tone.
    position = unicodedata.combining(character)
    return position == 1 or 10 <= position <= 36 or position >= 200 or _is_variation(character)


def _is_variation(character: str) -> bool:
    return "VARIATION SELECTOR" in unicodedata.name(character, "") or character == "\u034f"


@lru_cache(maxsize=4096)
def _latin_letter(character: str) -> str:
    """Return the base letters of a Latin letter that Unicode does not decompose: đ → d, ø → o, æ → ae."""
    if character.isascii() or not unicodedata.name(character, "").startswith("LATIN "):
        return character
    return "".join(filter(str.isalnum, anyascii(character).casefold()))


@lru_cache(maxsize=4096)
def _is_word_character(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
