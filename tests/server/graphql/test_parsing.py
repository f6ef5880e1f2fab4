"""The tokens of a document are counted before it is parsed, exactly and in linear time."""

from time import thread_time

import pytest
from graphql import Lexer, Source, TokenKind, get_introspection_query
from hypothesis import given, settings
from hypothesis import strategies as st

from server.graphql.cost import MAX_DIRECTIVES, MAX_SPREADS, MAX_TEXT_LENGTH, MAX_TOKENS, MAX_VARIABLES
from server.graphql.parsing import _TOKEN, find_excess, parse_document
from tests.machine_speed import is_below

PIECES = ["name", "_a1", "12", "-1.5e+3", "...", "{", "}", "(", ")", "$", ":", "@", "!", "[", "]", "|", "=", "&"]
STRINGS = ['"text"', '""', r'"\"\\\u0041"', '"""block "two" \\""" end"""', '""""""', '"# no comment"', '"""\n#\n"""']
IGNORED = [" ", ",", "\n", '# comment "quote\n', "#\n#\n", "\ufeff"]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(PIECES + STRINGS), st.sampled_from(IGNORED)), max_size=40))
def test_counts_as_the_lexer_does(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{token} {ignored}" for token, ignored in parts)
    lexer, count = Lexer(Source(text)), 0
    while lexer.advance().kind != TokenKind.EOF:
        count += lexer.token.kind != TokenKind.COMMENT
    assert count == sum(1 for token in _TOKEN.finditer(text) if token[1]) == len(parts)


def test_the_limit_is_the_parsers() -> None:
    assert not isinstance(parse_document("{" + "a " * (MAX_TOKENS - 2) + "}"), list)
    (error,) = parse_document("{" + "a " * (MAX_TOKENS - 1) + "}")  # type: ignore[misc]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert find_excess(get_introspection_query()) is None


@pytest.mark.parametrize(
    ("part", "most"), [("...F ", MAX_SPREADS), ("...{a} ", MAX_SPREADS), ("a @b ", MAX_DIRECTIVES)]
)
def test_spreads_and_directives_are_counted_outside_of_texts(part: str, most: int) -> None:
    assert find_excess("{%s}" % (part * most)) is None
    assert f"more than {most}" in (find_excess("{%s}" % (part * (most + 1))) or "")
    assert find_excess('{ a(b: "%s") }' % (part * 1_000)) is None


def test_variables_are_counted() -> None:
    document = "{ nodes(ids: [%s]) { id } }"
    assert find_excess(document % ("$v " * MAX_VARIABLES)) is None
    assert "variables more than 400 times" in (find_excess(document % ("$v " * (MAX_VARIABLES + 1))) or "")
    assert find_excess('{ a(b: "%s") }' % ("$v " * 1_000)) is None


def test_variables_count_once_for_each_operation() -> None:
    document = "query A($v: ID!) { ...F } " * 50 + "fragment F on Query { nodes(ids: [%s]) { id } }"
    assert find_excess(document % ("$v " * 50)) is None
    assert "variables times operations" in (find_excess(document % ("$v " * 51)) or "")


@pytest.mark.parametrize(
    "part", ['"', '"\\', '"""', '"""\\"""', '""x', '"""\\', "#", "#,", "#\n", "\\", "-", "{", "1.", '"""\\""" "a\\"']
)
def test_no_text_takes_more_than_linear_time(part: str) -> None:
    text, begun = part * (MAX_TEXT_LENGTH // len(part)), thread_time()
    find_excess(text)
    # Measured: 15 ms; quadratic ones take seconds.
    assert is_below(thread_time() - begun, 0.3)


@pytest.mark.parametrize(
    "text",
    [
        "{ a }" + "\n" * MAX_TEXT_LENGTH,
        "{ a }" + ",\r\n" * MAX_TEXT_LENGTH,
        '{ a(b: "' + "\\n" * MAX_TEXT_LENGTH,
        '{ a(b: "' + "\\uD83D\\uDE00" * MAX_TEXT_LENGTH,
        '{ a(b: """' + "\n" * MAX_TEXT_LENGTH,
        '{ a(b: """' + " x\n" * MAX_TEXT_LENGTH,
        "{" + f"{'a' * 25} " * MAX_TOKENS,
    ],
    ids=["lines", "commas", "escapes", "pairs", "blank lines", "indented lines", "names"],
)
def test_the_longest_text_is_parsed_in_the_time_of_a_refusal(text: str) -> None:
    ends = {'"""': '""") }', '"': '") }'}
    end = next((end for begin, end in ends.items() if f"b: {begin}" in text), "}")
    times = []
    for _ in range(3):
        begun = thread_time()
        parse_document(text[: MAX_TEXT_LENGTH - len(end)] + end)
        times.append(thread_time() - begun)
    assert is_below(min(times), 0.05)
