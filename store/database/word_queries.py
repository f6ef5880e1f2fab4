"""Queries on arrays of folded words."""

import re

from domain.text.words import is_unspaced
from store.database.client import Document

# The highest code point, which sorts after every character of a word, in code points and in the bytes of UTF-8.
_LAST_CHARACTER = "\U0010ffff"


def match_word_start(term: str) -> Document:
    """Match an array with a word in which the folded term stands at a start; `domain.text.words` defines starts."""
    if is_unspaced(term[0]):
        return {"$elemMatch": {"$regex": re.escape(term)}}
    return {"$elemMatch": {"$gte": term, "$lt": term + _LAST_CHARACTER}}
