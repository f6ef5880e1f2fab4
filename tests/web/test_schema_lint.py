"""schema.graphql keeps the rules of graphql-eslint for schemas and for Relay; exceptions are listed with reasons."""

import re
import subprocess
from pathlib import Path

from tests.web.conftest import WEB

SCHEMA = WEB.parent / "schema.graphql"
WITHOUT_ID = '"A thing."\ntype Thing {\n  "Its name."\n  name: String\n}\n'
WITHOUT_EDGES = '"A page."\ntype ThingConnection {\n  "Things."\n  nodes: [ID!]!\n}\n'


def test_the_schema_keeps_the_rules_that_report_faults(client_packages: str, tmp_path: Path) -> None:
    """One run, because it takes seconds: of a schema with two faults, it reports these and nothing of ours."""
    broken = tmp_path / "schema.graphql"
    broken.write_text(SCHEMA.read_text(encoding="utf-8") + WITHOUT_ID + WITHOUT_EDGES, encoding="utf-8")
    command = [client_packages, "tests/schema_lint.test.mjs", str(broken)]
    finished = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 1
    reports = [report.split(":", 1) for report in finished.stderr.splitlines()]
    ours = len(SCHEMA.read_text(encoding="utf-8").splitlines())
    assert [report for report in reports if int(report[0]) <= ours] == []
    rules = {rule for _, text in reports for rule in re.findall(r"\(@graphql-eslint/([\w-]+)\)$", text)}
    assert rules == {"description-style", "no-unreachable-types", "relay-connection-types", "strict-id-in-types"}
