"""graphql-transport-ws without I/O: valid messages, and messages that close the socket."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.graphql.requested_document import RequestedDocument
from server.graphql.variables import MAX_VALUES
from server.live.protocol import (
    MAX_CONTROL_LENGTH,
    CloseCode,
    Complete,
    ConnectionInit,
    Ping,
    Pong,
    ProtocolError,
    Subscribe,
    complete_message,
    error_message,
    next_message,
    next_message_head,
    pong_message,
    read_language,
    read_message,
    read_token,
)
from tests.server.live.malformed import MALFORMED_MESSAGES

# Ten leaves are enough for nested values; with the default of 100 the tests of this file took 40 s.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(["type", "id", "payload", "query", "variables", "operationName", "extensions", "other"])
kinds = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"connection_init"}', ConnectionInit({})),
        ('{"type":"connection_init","payload":null}', ConnectionInit({})),
        ('{"type":"connection_init","payload":{"token":"t"}}', ConnectionInit({"token": "t"})),
        ('{"type":"ping"}', Ping(None)),
        ('{"type":"ping","payload":{"a":1}}', Ping({"a": 1})),
        ('{"type":"pong"}', Pong()),
        ('{"type":"complete","id":"1"}', Complete("1")),
        (
            '{"type":"subscribe","id":"1","payload":{"query":"{a}"}}',
            Subscribe("1", RequestedDocument("{a}"), None, None),
        ),
        (
            '{"type":"subscribe","id":"ø","payload":{"query":"","operationName":"A","variables":{"a":1},"extensions":{}}}',
            Subscribe("ø", RequestedDocument(""), "A", {"a": 1}),
        ),
        (
            '{"type":"subscribe","id":"1","payload":{"documentId":"abc"}}',
            Subscribe("1", RequestedDocument(None, "abc"), None, None),
        ),
        (
            '{"type":"subscribe","id":"1","payload":{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}}',
            Subscribe("1", RequestedDocument(None, None, "ab"), None, None),
        ),
    ],
)
def test_reads_messages(text: str, message: object) -> None:
    assert read_message(text) == message


@pytest.mark.parametrize("text", [text for text in MALFORMED_MESSAGES if isinstance(text, str)])
def test_closes_4400_for_a_malformed_message(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_message(text)
    assert refused.value.code is CloseCode.BAD_REQUEST
    assert 0 < len(refused.value.reason.encode()) <= 123


def test_drops_variables_with_too_many_values_and_says_why() -> None:
    variables: dict[str, Any] = {"a": [[]] * (MAX_VALUES + 1)}
    text = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": variables}})
    message = read_message(text)
    assert isinstance(message, Subscribe)
    assert (message.id, message.variables) == ("1", None)
    assert "at most" in str(message.rejection)


def test_closes_4400_for_a_binary_frame() -> None:
    with pytest.raises(ProtocolError) as refused:
        read_message(None)
    assert refused.value.code is CloseCode.BAD_REQUEST


@given(st.dictionaries(keys, kinds | anything).map(json.dumps) | st.text())
def test_any_other_text_closes_4400(text: str) -> None:
    with suppress(ProtocolError):
        assert isinstance(read_message(text), ConnectionInit | Ping | Pong | Subscribe | Complete)


def test_answers_a_ping_with_its_payload() -> None:
    assert json.loads(pong_message(None)) == {"type": "pong"}
    assert json.loads(pong_message({"a": [1]})) == {"type": "pong", "payload": {"a": [1]}}


def test_rejects_a_ping_whose_payload_cannot_be_encoded() -> None:
    deep = '{"type":"ping","payload":{"a":' + "[" * 450 + "]" * 450 + "}}"
    message = read_message(deep)
    assert isinstance(message, Ping)
    with pytest.raises(ProtocolError):
        pong_message(message.payload)


@pytest.mark.parametrize("kind", ["ping", "pong", "complete"])
def test_only_the_first_message_and_subscribe_may_be_long(kind: str) -> None:
    def read(length: int, of: str = kind) -> object:
        message = '{"type":"%s","id":"1","payload":{"query":"{a}","text":"%s"}}'
        return read_message(message % (of, "x" * (length - len(message % (of, "")))))

    assert read(MAX_CONTROL_LENGTH)
    assert read(5 * MAX_CONTROL_LENGTH, "connection_init") and read(500 * MAX_CONTROL_LENGTH, "subscribe")
    with pytest.raises(ProtocolError, match=f"{kind} has at most 1,000 characters") as refused:
        read(MAX_CONTROL_LENGTH + 1)
    assert refused.value.code is CloseCode.BAD_REQUEST


def test_a_message_of_many_lists_is_not_read() -> None:
    with pytest.raises(ProtocolError, match="more than 20,000 objects and lists"):
        read_message('{"type":"subscribe","id":"1","payload":{"query":"{a}","x":[%s[]]}}' % ("[]," * 20_000))


@pytest.mark.parametrize(
    ("payload", "token"),
    [
        ({}, ""),
        ({"authorization": "Bearer abc"}, "abc"),
        ({"Authorization": "bearer  abc "}, "abc"),
        ({"token": "abc"}, "abc"),
        ({"authorization": "Basic abc", "token": "abc"}, ""),
        ({"authorization": 5, "token": ["abc"]}, ""),
    ],
)
def test_finds_the_token(payload: dict[str, object], token: str) -> None:
    assert read_token(payload) == token


@pytest.mark.parametrize(
    ("payload", "language"), [({}, None), ({"language": "sr"}, "sr"), ({"language": ["sr"]}, None)]
)
def test_finds_the_language(payload: dict[str, object], language: str | None) -> None:
    assert read_language(payload) == language


@given(st.text(), anything)
def test_a_result_with_its_head_is_a_valid_message(id_: str, payload: object) -> None:
    try:
        text = next_message(next_message_head(id_), json.dumps(payload).encode())
    except TypeError:
        return  # A lone surrogate, which no client can have sent.
    assert json.loads(text) == {"id": id_, "type": "next", "payload": payload}


def test_errors_and_completions_carry_their_id() -> None:
    assert json.loads(error_message("1", [{"message": "no"}])) == {
        "id": "1",
        "type": "error",
        "payload": [{"message": "no"}],
    }
    assert json.loads(complete_message("1")) == {"id": "1", "type": "complete"}


def test_shortens_a_reason_to_the_size_of_a_close_frame() -> None:
    reason = ProtocolError(CloseCode.FORBIDDEN, "é" * 100).reason
    assert reason == "é" * 61
