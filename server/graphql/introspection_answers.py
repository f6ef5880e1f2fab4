"""The answers to queries of the schema: they depend on the document alone, so they are executed and encoded once."""

from collections import OrderedDict
from typing import Any

import orjson

# The answer to the query of most tools has 0.3 MB. A larger one than MAX_ANSWER_BYTES is not kept.
MAX_BYTES, MAX_ANSWER_BYTES = 8 * 1024 * 1024, 1024 * 1024
# An entry with its key.
_ENTRY_BYTES = 1_000
# A character takes at most four bytes.
_CHARACTER_BYTES = 4


class IntrospectionAnswers:
    """The encoded `data` of answers by the text and the operation's name; the least recently used are dropped first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self.bytes = 0

    def get(self, text: str, name: str) -> dict[str, Any] | None:
        """Return the response to an operation where its data is kept."""
        data = self._answers.get((text, name))
        if data is None:
            return None
        self._answers.move_to_end((text, name))
        return {"data": orjson.Fragment(data)}

    def keep(self, text: str, name: str, response: dict[str, Any]) -> None:
        """Encode the data of a response and keep it, unless there are errors or it is large."""
        if "errors" in response:
            return
        data = orjson.dumps(response["data"])
        response["data"] = orjson.Fragment(data)
        if len(data) > MAX_ANSWER_BYTES or (text, name) in self._answers:
            return
        self._answers[text, name] = data
        self.bytes += _size(text, name, data)
        while self.bytes > self._max_bytes:
            (text, name), data = self._answers.popitem(last=False)
            self.bytes -= _size(text, name, data)


def _size(text: str, name: str, data: bytes) -> int:
    return _CHARACTER_BYTES * (len(text) + len(name)) + len(data) + _ENTRY_BYTES
