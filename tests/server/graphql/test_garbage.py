"""Operations of new texts leave almost nothing to the garbage collector, whose pauses delay all other requests."""

import gc
from collections.abc import Callable
from contextlib import suppress

import pytest

from bench.hostile_cases import times
from schema.build import build_schema
from server.graphql.operations import OperationRejected, Operations

OPERATIONS = Operations(build_schema())
TEXTS = 10
FIELDS = times(60, "a#: name b#: tags { id name }")
LISTS = times(5, "c#: customers(first: 200) { nodes { tags { customers { nodes { name } } } } }")
# Each with its number in the place of @: it is new then.
KINDS = {
    "query": "{ viewer { administrator { displayName } } customers(first: 3) { nodes { name } } } # @",
    "long query": f"{{ customers(first: 3) {{ nodes {{ {FIELDS} }} }} }} # @",
    "fragment": "{ ...F } fragment F on Query { viewer { permissions } } # @",
    "subscription": "subscription { customerStatusChanged { cursor customer { id name } } } # @",
    "mutation": 'mutation { createTag(input: { name: "n" }) { tag { id } } } # @',
    "unknown fields": f"{{ {times(20, 'u#')} }} # @",
    "wrong literals": f"{{ customers(filter: {{ {times(20, 'k#: 1')} }}) {{ totalCount }} }} # @",
    "too expensive": f"{{ {LISTS} }} # @",
    "syntax error": f"{{ {times(300, 'x')} # @",
    "too deep": f"{{ {'a { ' * 600} }} # @",
}


def prepare(text: str) -> None:
    with suppress(OperationRejected):
        OPERATIONS.prepare(text, None)


def garbage_of(work: Callable[[str], object], kind: str) -> int:
    """Return the number of objects that the work with new texts leaves to the collector."""
    work(kind.replace("@", "first"))
    gc.collect()
    for number in range(TEXTS):
        work(kind.replace("@", str(number)))
    return gc.collect()


@pytest.mark.usefixtures("gc_disabled")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_new_text_leaves_no_garbage(kind: str) -> None:
    # With graphql-core's own validation, 130 to 1,700 objects for each text.
    assert garbage_of(prepare, kind) < 5 * TEXTS


@pytest.mark.usefixtures("gc_disabled")
def test_texts_that_are_forgotten_leave_no_garbage() -> None:
    documents = 120

    def prepare_many(text: str) -> None:
        for number in range(documents // TEXTS):
            prepare(f"{text} {number}")

    assert garbage_of(prepare_many, KINDS["long query"]) < 5 * documents
    assert len(OPERATIONS._documents) < documents
