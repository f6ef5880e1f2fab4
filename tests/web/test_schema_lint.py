"""schema.graphql keeps the rules of graphql-eslint for schemas and for Relay; exceptions are listed with reasons."""

import subprocess
from pathlib import Path

import pytest

from tests.web.conftest import WEB

SCHEMA = WEB.parent / "schema.graphql"


def _lint(node: str, schema: Path) -> str:
    command = [node, "tests/schema_lint.test.mjs", str(schema)]
    finished = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == bool(finished.stderr)
    return finished.stderr


def test_our_schema_keeps_the_rules(client_packages: str) -> None:
    assert _lint(client_packages, SCHEMA) == ""


@pytest.mark.parametrize(
    ("addition", "rule"),
    [
        ('"A thing."\ntype Thing {\n  "Its name."\n  name: String\n}\n', "strict-id-in-types"),
        ('"A page."\ntype ThingConnection {\n  "Things."\n  nodes: [ID!]!\n}\n', "relay-connection-types"),
    ],
)
def test_a_fault_is_reported(client_packages: str, tmp_path: Path, addition: str, rule: str) -> None:
    broken = tmp_path / "schema.graphql"
    broken.write_text(SCHEMA.read_text(encoding="utf-8") + addition, encoding="utf-8")
    assert f"(@graphql-eslint/{rule})" in _lint(client_packages, broken)
