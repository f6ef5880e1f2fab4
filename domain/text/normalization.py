"""Cleaning of text: NFC, white space trimmed or folded, invisible characters dropped."""

import re
from unicodedata import category, normalize

from domain.messages import Message, translatable
from domain.text.limits import TooManyMarks, check_marks

_JOINERS = "\u200c\u200d"
# Unicode's property White_Space. Python's str.isspace also accepts some control characters.
_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WHITE_RUN = re.compile(f"[{_WHITE}]+")
_LINE_END = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
# Unicode's Default_Ignorable_Code_Point, and the blank Braille pattern: characters that print nothing.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_INVALID_CATEGORIES = {
    "Cc": translatable("a control character ({code})"),
    "Cs": translatable("half of a surrogate pair ({code})"),
}


class InvalidCharacter(Exception):
    """A character that is not allowed in any text."""

    def __init__(self, character: str) -> None:
        code = f"U+{ord(character):04X}"
        self.description = Message(_INVALID_CATEGORIES[category(character)].text, {"code": code})
        super().__init__(code)


def clean_line(text: str) -> str:
    """Return the text as one line.

    Format characters are dropped, except joiners inside a word. White space is folded to one space. Raise
    InvalidCharacter for other control characters and for lone surrogates, TooManyMarks as check_marks.
    """
    words = (word.strip(_JOINERS) for word in _WHITE_RUN.sub(" ", _drop_format_characters(text)).split(" "))
    return _compose(" ".join(word for word in words if word))


def clean_lines(text: str) -> str:
    """Return the text with several lines: no white space at line ends, no blank lines at the start and the end.

    Raise InvalidCharacter and TooManyMarks as clean_line.
    """
    lines = (_WHITE_RUN.sub(" ", line).rstrip(" ") for line in _LINE_END.split(_drop_format_characters(text)))
    return _compose("\n".join(lines).strip("\n "))


def compose(text: str) -> str:
    """Return the text in NFC without white space around it; raise TooManyMarks as check_marks."""
    if text.isascii():
        return text.strip()
    check_marks(text)
    return normalize("NFC", text).strip()


def compose_key(text: str) -> str | None:
    """Return the form in which an imported key is stored; None for a text that no import accepts."""
    try:
        return compose(text)
    except TooManyMarks:
        return None


def has_visible_character(text: str) -> bool:
    """Return False where the text is empty or prints nothing: white space, format characters, fillers."""
    rest = text.strip()
    return bool(rest) and (rest.isascii() or bool(_INVISIBLE.sub("", rest).strip()))


def name_key(name: str) -> str:
    """Return the form in which a name is unique: equal for every case, width and composition, without joiners."""
    bare = name.translate({ord(joiner): None for joiner in _JOINERS})
    return normalize("NFKC", normalize("NFKC", bare).casefold())


def _drop_format_characters(text: str) -> str:
    return "".join(c for c in text if c in _JOINERS or category(c) != "Cf")


def _compose(text: str) -> str:
    for character in text:
        if category(character) in _INVALID_CATEGORIES and character != "\n":
            raise InvalidCharacter(character)
    check_marks(text)
    return normalize("NFC", text)
