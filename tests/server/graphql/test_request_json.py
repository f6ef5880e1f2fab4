"""The JSON of requests is read where it is valid and has few enough objects and lists."""

from time import thread_time
from typing import Any

import orjson
import pytest

from server.graphql.request_json import MAX_CONTAINERS, InvalidJson, read_json
from tests.machine_speed import is_below

MOST: list[Any] = [[]] * (MAX_CONTAINERS - 1)


@pytest.mark.parametrize("value", [{"query": "{a}"}, [1, "ø", None], "x" * 100_000, MOST, 1e308])
def test_reads_bytes_and_texts(value: Any) -> None:
    encoded = orjson.dumps(value)
    assert read_json(encoded) == read_json(encoded.decode()) == value


@pytest.mark.parametrize("text", ["", "{", '{"a":01}', "nul", '"\ud800"', "[" * 5_000, b"\xff", b'"\xed\xa0\x80"'])
def test_says_why_a_text_is_not_json(text: bytes | str) -> None:
    with pytest.raises(InvalidJson, match="is not valid JSON"):
        read_json(text)


@pytest.mark.parametrize("part", [b"[]", b"{}", b"[[]]", b'{"":{}}', b'{"a":[1,2]}'])
def test_many_objects_and_lists_are_not_read(part: bytes) -> None:
    text = b"[" + b",".join([part] * (1_000_000 // (len(part) + 1))) + b"]"
    for each in (text, text.decode()):
        begun = thread_time()
        with pytest.raises(InvalidJson, match="more than 20,000 objects and lists"):
            read_json(each)
        # Measured: 2 ms; to read them takes 40 to 90 ms.
        assert is_below(thread_time() - begun, 0.02)
