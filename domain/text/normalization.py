"""What people type, cleaned: invisible characters dropped, white space folded, composed (domain.md, "Tags")."""

import re
from unicodedata import category, normalize

_JOINERS = "\u200c\u200d"
# Unicode's property White_Space: Python's str.isspace takes some control characters for white space.
_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WHITE_RUN = re.compile(f"[{_WHITE}]+")
_LINE_END = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_TEXTLESS = {"Cc": "a control character", "Cs": "half of a surrogate pair"}


class InvalidCharacter(Exception):
    """A character that no text has."""

    def __init__(self, character: str) -> None:
        self.name = f"{_TEXTLESS[category(character)]} (U+{ord(character):04X})"
        super().__init__(self.name)


def clean_line(text: str) -> str:
    """One line: format characters dropped but for joiners inside a word, white space folded to one space, NFC.

    InvalidCharacter for other control characters and lone surrogates.
    """
    words = (word.strip(_JOINERS) for word in _WHITE_RUN.sub(" ", _drop_format_characters(text)).split(" "))
    return _compose(" ".join(word for word in words if word))


def clean_lines(text: str) -> str:
    """Several lines, each without white space at its end; blank ones at either end are dropped."""
    lines = (_WHITE_RUN.sub(" ", line).rstrip(" ") for line in _LINE_END.split(_drop_format_characters(text)))
    return _compose("\n".join(lines).strip("\n "))


def name_key(name: str) -> str:
    """The form in which a name is unique: whatever case, width or composition it is typed in, without joiners."""
    bare = name.translate({ord(joiner): None for joiner in _JOINERS})
    return normalize("NFKC", normalize("NFKC", bare).casefold())


def _drop_format_characters(text: str) -> str:
    return "".join(c for c in text if c in _JOINERS or category(c) != "Cf")


def _compose(text: str) -> str:
    for character in text:
        if category(character) in _TEXTLESS and character != "\n":
            raise InvalidCharacter(character)
    return normalize("NFC", text)
