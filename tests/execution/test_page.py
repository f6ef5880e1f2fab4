"""The examples of docs/execution.md run as they are printed."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.server_process import ROOT

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/execution.md").read_text(), re.DOTALL)


def run(code: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = ModuleType("example")
    # Strawberry looks for the module of a class.
    monkeypatch.setitem(sys.modules, "example", module)
    exec(code, vars(module))
    return vars(module)


async def test_the_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = EXAMPLES
    run(first, monkeypatch)
    schema = run(second, monkeypatch)["schema"]
    result = await schema.execute("{ customers { name tags } }")
    assert result.data == {"customers": [{"name": name, "tags": [f"tag of {name}"]} for name in ("Acme", "Zebra")]}


def test_the_example_with_an_event_loop_of_its_own_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run(EXAMPLES[2], monkeypatch)
