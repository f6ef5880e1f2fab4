"""Bodies that no honest client sends: every kind of value at every place of a request, 248 in all."""

from collections.abc import Iterator
from typing import NamedTuple

_DEEP, _DEEPEST = 400, 100_000


class Body(NamedTuple):
    """One body; a malformed one is no request at all, any other is one that the schema must answer for."""

    place: str
    kind: str
    content: bytes
    is_malformed: bool


# By name: how it is written, and what it is; None where it is no JSON.
_KINDS: dict[str, tuple[bytes, str | None]] = {
    "null": (b"null", "null"),
    "true": (b"true", "boolean"),
    "zero": (b"0", "number"),
    "a fraction": (b"-1.5e3", "number"),
    "64 bits and one": (b"18446744073709551616", "number"),
    "an integer of 400 digits": (b"1" + b"0" * 400, None),
    "more than a float": (b"1e999", None),
    "not a number": (b"NaN", None),
    "a blank": (b'""', "blank"),
    "NUL": (b'"\\u0000"', "text"),
    "operators": (b'"$where \\u0027; .*[(\\\\"', "text"),
    "a text of 10,000": (b'"' + b"x" * 10_000 + b'"', "text"),
    "an empty list": (b"[]", "list"),
    "a list of nulls": (b"[null, null]", "list"),
    "a deep list": (b"[" * _DEEP + b"]" * _DEEP, "list"),
    "the deepest list": (b"[" * _DEEPEST + b"]" * _DEEPEST, None),
    "an empty object": (b"{}", "object"),
    "an operator": (b'{"$ne": null}', "object"),
    "an empty name": (b'{"": {"__proto__": 1}}', "object"),
    "a name twice": (b'{"a": 1, "a": {"a": 2}}', "object"),
    "a deep object": (b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, "object"),
    "the deepest object": (b'{"a":' * _DEEPEST + b"1" + b"}" * _DEEPEST, None),
    "half a surrogate": (b'"\\ud800"', None),
    "half a surrogate in bytes": (b'"\xed\xa0\x80"', None),
    "bad UTF-8": (b'"\xff"', None),
    "NUL in bytes": (b'"\x00"', None),
    "a bare byte": (b"\x00", None),
    "a byte order mark": (b"\xef\xbb\xbfnull", None),
    "no end": (b'"x', None),
    "a comma too many": (b"[1,]", None),
    "nothing": (b"", None),
}
_ANY = frozenset({"null", "boolean", "number", "blank", "text", "list", "object"})
# By name: the body around the value, and what may stand there.
_PLACES: dict[str, tuple[bytes, frozenset[str]]] = {
    "the body": (b"%b", frozenset()),
    "query": (b'{"query": %b}', frozenset({"text"})),
    "operationName": (b'{"query": "{ __typename }", "operationName": %b}', frozenset({"null", "blank", "text"})),
    "variables": (b'{"query": "{ __typename }", "variables": %b}', frozenset({"null", "object"})),
    "extensions": (b'{"query": "{ __typename }", "extensions": %b}', frozenset({"null", "object"})),
    "another member": (b'{"query": "{ __typename }", "else": %b}', _ANY),
    "a variable": (b'{"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": %b}}', _ANY),
    "within a variable": (
        b'{"query": "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }", '
        b'"variables": {"f": {"search": %b}}}',
        _ANY,
    ),
}


def _bodies() -> Iterator[Body]:
    for place, (around, allowed) in _PLACES.items():
        for kind, (value, what) in _KINDS.items():
            yield Body(place, kind, around % value, what not in allowed)


BODIES = tuple(_bodies())
