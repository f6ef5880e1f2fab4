"""The page of limits states the limits of operations that the code has."""

import pytest

from loaders import figure_cache, tag_cache
from schema import executor
from server.graphql import cost, document_cache, introspection_answers, operations, parsing, variables
from store.database import kept_documents
from store.database.driver_events import outages
from tests.server_process import ROOT

MEGABYTE = 1024 * 1024
ROWS: dict[str, list[float]] = {
    "Text of an operation": [cost.MAX_TEXT_LENGTH, cost.MAX_TOKENS],
    "Variables in the text": [cost.MAX_VARIABLES, cost.MAX_VARIABLE_VISITS],
    "Depth, without": [cost.MAX_DEPTH],
    "Fields at the root": [cost.MAX_ROOT_FIELDS],
    "Fields that answer": [cost.MAX_SAME_NAME_PAIRS],
    "Cost before": [cost.MAX_COST],
    "Time of an operation": [operations.OPERATION_TIMEOUT_SECONDS],
    "Time of a request that meets": [outages.MAX_OUTAGE_SECONDS],
    "A number in the text": [parsing.MAX_NUMBER_LENGTH],
    "Values in the variables": [variables.MAX_VALUES, variables.MAX_LIST_LENGTH, variables.MAX_NESTING],
    "Errors in an answer": [executor.MAX_ERRORS],
    "Remembered documents": [document_cache.MAX_CACHE_BYTES // MEGABYTE],
    "Remembered answers to introspection": [introspection_answers.MAX_BYTES // MEGABYTE],
    "Remembered figures": [figure_cache.MAX_BYTES // MEGABYTE],
    "Remembered tags": [tag_cache.MAX_BYTES // MEGABYTE],
    "Rows of lists": [kept_documents.MAX_BYTES // MEGABYTE],
}


@pytest.mark.parametrize("row", ROWS)
def test_a_limit_is_stated_as_it_is(row: str) -> None:
    lines = (ROOT / "docs" / "limits.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {row}")]
    assert {f"{limit:,}" for limit in ROWS[row]} <= set(
        line.replace(":", " ").replace(";", " ").replace(",  ", " ").split()
    )
