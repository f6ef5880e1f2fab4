"""The sample operations of GraphiQL are valid according to graphql-core and graphql-js."""

import subprocess
from pathlib import Path

import orjson
import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from tests.exported_schema import exported_schema
from tests.web.conftest import WEB

SCHEMA = WEB.parent / "schema.graphql"
OPERATIONS = sorted((WEB / "operations").glob("*.graphql"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_a_saved_operation_is_valid_against_our_schema(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"))
    assert validate(exported_schema(), document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables_file = path.with_suffix(".json")
    variables = orjson.loads(variables_file.read_bytes()) if variables_file.is_file() else {}
    assert not isinstance(get_variable_values(exported_schema(), operation.variable_definitions or (), variables), list)


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_a_saved_operation_starts_with_its_title(path: Path) -> None:
    title = path.read_text(encoding="utf-8").splitlines()[0]
    assert title.startswith("# ")
    assert len(title) > len("# ")


def test_graphql_js_agrees(node: str) -> None:
    check = [node, "tests/operations.test.mjs", str(SCHEMA)]
    finished = subprocess.run(check, cwd=WEB, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
