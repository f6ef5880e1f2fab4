"""The cache of documents holds as many as fit into its bytes, and forgets the least recently used."""

import gc
import tracemalloc
from collections.abc import Callable

import pytest
from graphql import parse

from schema.build import build_schema
from server.graphql.document_cache import MAX_CACHE_BYTES, DocumentCache, document_bytes
from server.graphql.operations import OperationRejected, Operations

VARIABLES = 58


def test_forgets_the_least_recently_used() -> None:
    cache = DocumentCache[str](max_bytes=10_000)
    for text in ("a", "b", "c"):
        cache.store(text, text.upper(), 1_000)
    assert cache.get("a") == "A"
    cache.store("d", "D", 1_000)
    assert [cache.get(text) for text in ("a", "b", "c", "d")] == ["A", None, "C", "D"]
    assert cache.bytes <= 10_000


def test_an_outcome_larger_than_the_cache_is_not_remembered() -> None:
    cache = DocumentCache[str](max_bytes=10_000)
    cache.store("a", "A", 20_000)
    assert (len(cache), cache.bytes) == (0, 0)


def test_every_token_of_a_document_counts() -> None:
    # The document, its start and end included: { a ( b : 1 ) }
    assert document_bytes(parse("{ a(b: 1) }")) == 600 * 10


@pytest.mark.parametrize("error", [False, True])
def test_many_different_documents_stay_within_the_bytes(error: bool) -> None:
    operations = Operations(build_schema())
    field = "unknown" * 100 if error else "viewer { permissions }"
    for number in range(50):
        text = "{" + " ".join(f"a{number}_{alias}: {field}" for alias in range(25)) + "}"
        try:
            operations.prepare(text, None)
        except OperationRejected:
            assert error
    assert 50 * 20_000 < operations._documents.bytes < MAX_CACHE_BYTES


def many_fields(number: int) -> str:
    return "{ viewer { administrator { " + " ".join(f"a{number}_{alias}: id" for alias in range(450)) + " } } }"


def many_variables(number: int) -> str:
    names = [f"v{number}_{place}" for place in range(VARIABLES)]
    definitions = ", ".join(f"${name}: Int" for name in names)
    fields = " ".join(
        f"a{place}: customers(first: ${first}, last: ${last}) {{ totalCount }}"
        for place, (first, last) in enumerate(zip(names[::2], names[1::2], strict=True))
    )
    return f"query({definitions}) {{ {fields} }}"


def many_operations(number: int) -> str:
    return " ".join(f"query Q{number}x{each} {{ viewer {{ permissions }} }}" for each in range(70))


def one_size(number: int) -> str:
    return "query(${}: Int) { customers(first: ${}) { totalCount } }".replace("{}", f"v{number}_0")


@pytest.mark.parametrize(
    ("build", "name", "documents"),
    [(many_fields, None, 2), (many_variables, None, 2), (many_operations, "Q{}x{}", 2), (one_size, None, 20)],
)
def test_documents_take_at_most_what_the_cache_counts(
    build: Callable[[int], str], name: str | None, documents: int
) -> None:
    operations = Operations(build_schema())
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(documents):
            text = build(number)
            for size in range(25):
                # Each size is a number of its own; small ones are shared by Python.
                variables = {f"v{number}_{place}": 1_000 * size + place for place in range(VARIABLES)}
                operations.prepare(text, name and name.format(number, size), variables)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(operations._documents) == documents
    assert taken < operations._documents.bytes
