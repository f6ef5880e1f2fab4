"""The JSON of requests: read only where it has few enough objects and lists.

1 MiB of `[[]]` is 400,000 lists: to read and free them takes 90 ms and 25 MB, in one piece. No request needs more than
the values of variables.py; braces and brackets in texts are counted too.
"""

from typing import Any

import orjson

MAX_CONTAINERS = 20_000


class InvalidJson(Exception):
    """A text that is not read; the message says why, after a subject such as "The body"."""


def read_json(text: bytes | str) -> Any:
    """Return the value of a JSON text; raise InvalidJson."""
    if len(text) > MAX_CONTAINERS and _count_containers(text) > MAX_CONTAINERS:
        raise InvalidJson(f"has more than {MAX_CONTAINERS:,} objects and lists.")
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError, RecursionError) as failure:
        raise InvalidJson(f"is not valid JSON in UTF-8: {getattr(failure, 'msg', 'it has lone surrogates')}.") from None


def _count_containers(text: bytes | str) -> int:
    if isinstance(text, str):
        return text.count("{") + text.count("[")
    return text.count(b"{") + text.count(b"[")
