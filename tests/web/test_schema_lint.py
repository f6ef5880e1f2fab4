"""schema.graphql keeps the rules of graphql-eslint for schemas and for Relay; exceptions are listed with reasons."""

import subprocess
from pathlib import Path

from tests.web.conftest import WEB

SCHEMA = WEB.parent / "schema.graphql"


def _lint(node: str, schema: Path) -> str:
    command = [node, "tests/schema_lint.test.mjs", str(schema)]
    finished = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == bool(finished.stderr)
    return finished.stderr


def test_our_schema_keeps_the_rules(client_packages: str) -> None:
    assert _lint(client_packages, SCHEMA) == ""


def test_faults_are_reported(client_packages: str, tmp_path: Path) -> None:
    thing = '"A thing."\ntype Thing {\n  "Its name."\n  name: String\n}\n'
    page = '"A page."\ntype ThingConnection {\n  "Things."\n  nodes: [ID!]!\n}\n'
    broken = tmp_path / "schema.graphql"
    broken.write_text(SCHEMA.read_text(encoding="utf-8") + thing + page, encoding="utf-8")
    faults = _lint(client_packages, broken)
    assert "(@graphql-eslint/strict-id-in-types)" in faults
    assert "(@graphql-eslint/relay-connection-types)" in faults
