"""Errors quote a long literal in part: to print all of it for each error takes longer than the validation."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from graphql.language import printer

from bench.hostile_cases import times
from schema.build import build_schema
from server.graphql.operations import Operations
from server.graphql.quoted_literals import MAX_QUOTED_CHARACTERS

OPERATIONS = Operations(build_schema())


@contextmanager
def count_calls(file: str) -> Iterator[list[str]]:
    """Collect the names of the functions of a file that are called."""
    names: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == file:
            names.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield names
    finally:
        sys.setprofile(None)


OBJECTS = {"keys": "{#}", "keys of an object in a list": "{anyOf: [{#}]}"}
LEAVES = {"scalar": "{hasTags: [#]}", "enum value": "{status: {#}}"}


def errors_of(filter_: str) -> list[dict[str, Any]]:
    return OPERATIONS.find_errors(f"{{ customers(filter: {filter_}) {{ totalCount }} }}")


@pytest.mark.parametrize("literal", OBJECTS.values(), ids=OBJECTS)
def test_a_long_object_with_unknown_keys_is_not_printed(literal: str) -> None:
    with count_calls(printer.__file__) as calls:
        errors = errors_of(literal.replace("#", times(300, "managedBye#: 1")))
    assert len(errors) > 1
    assert max(len(error["message"]) for error in errors) < MAX_QUOTED_CHARACTERS + 150
    assert calls == []


@pytest.mark.parametrize("literal", LEAVES.values(), ids=LEAVES)
def test_a_long_literal_in_the_place_of_a_leaf_is_quoted_in_part(literal: str) -> None:
    (error,) = errors_of(literal.replace("#", times(300, "1" if "[" in literal else "k#: 1")))
    assert "cannot represent" in error["message"] and error["message"].rstrip(".").endswith("…")
    assert len(error["message"]) < MAX_QUOTED_CHARACTERS + 150


def test_the_error_of_a_short_literal_quotes_all_of_it() -> None:
    (error,) = errors_of('{searc: "a"}')
    assert error["message"].endswith('Found: {searc: "a"}.')
    assert "Did you mean 'search'" in error["message"]
