"""The commands and operations of the README: run, import, query, subscribe; and a second run."""

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from server.app.settings import Settings, variable_of
from server.cli.command_line import application
from tests.server_process import ROOT
from tests.websocket_client import connect_websocket

README = (ROOT / "README.md").read_text()
QUERY, SUBSCRIPTION, MUTATION = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)


class MakeRunOutput:
    """The output of `make run`: address, tokens, and what to paste."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.address = _search_group(r"^ready (\S+)$", text)
        self.token = _search_group(r"^FULL_ADMINISTRATOR +(\S+)$", text)
        self.line = _search_group(r"^echo '(.*?)' \|", text)
        self.curl = _search_group(r"^echo .*$", text)


def _search_group(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, text
    return match.group(match.re.groups)


@contextmanager
def make_run(data: Path) -> Iterator[MakeRunOutput]:
    """Run `make run` with a small sample, which nothing else changes, in its own directory; send SIGINT at the end."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "MAKEFLAGS")}
    command = [
        "make",
        "--no-print-directory",
        "run",
        f"ARGS=--port 0 --customers 60 --no-activity --data {shlex.quote(str(data))}",
    ]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        try:
            yield MakeRunOutput("".join(lines))
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=30)


def _mongod_pids(data: Path) -> list[str]:
    return subprocess.run(["pgrep", "-f", str(data)], capture_output=True, text=True, check=False).stdout.split()


def test_make_run_and_what_it_prints_work(tmp_path: Path) -> None:
    with make_run(tmp_path) as printed:
        assert QUERY.strip() in printed.text and SUBSCRIPTION.strip() in printed.text
        assert (tmp_path / "mongodb" / "password").read_text() not in printed.text
        discovery = f"{printed.address}/development-sign-in/.well-known/openid-configuration"
        assert httpx.get(discovery, verify=False).json()["issuer"] == f"{printed.address}/development-sign-in"
        headers = {"Authorization": f"Bearer {printed.token}"}
        answer = httpx.post(f"{printed.address}/graphql", json={"query": QUERY}, headers=headers, verify=False).json()
        assert "errors" not in answer, answer
        listed = answer["data"]["customers"]
        assert listed["totalCount"] >= len(listed["nodes"]) == 5
        answer = httpx.post(
            f"{printed.address}/graphql", json={"query": MUTATION}, headers=headers, verify=False
        ).json()
        assert answer["data"]["createTag"]["userErrors"] == [], answer
        with connect_websocket(printed.address, printed.token) as widget:
            widget.subscribe(SUBSCRIPTION)
            subprocess.run(["bash", "-c", printed.curl], check=True, capture_output=True, timeout=30)
            change = widget.next()["customerStatusChanged"]
            assert "LICENSE_OVERAGE" in change["entered"]
            assert any("licenses assigned" in detail["reason"] for detail in change["customer"]["statusDetails"])
    with make_run(tmp_path) as again:
        assert "Loading" not in again.text
        answer = httpx.post(
            f"{again.address}/graphql",
            json={"query": QUERY},
            headers={"Authorization": f"Bearer {again.token}"},
            verify=False,
        ).json()
        assert answer["data"]["customers"]["totalCount"] > listed["totalCount"]
        _import_as_the_readme_says(tmp_path, printed.line)
    _wait_until_stopped(tmp_path)


def _import_as_the_readme_says(data: Path, line: str) -> None:
    """Run the README's import command with the printed number, next to the running server."""
    command = ["partnerhub", "import", "license-usage", "-", "--partner", "sample"]
    assert re.search(r"\| \.venv/bin/" + " ".join(command), README)
    loaded = subprocess.run(
        [str(ROOT / ".venv/bin/partnerhub"), *command[1:], "--data", str(data)],
        input=line, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "1 unchanged" in loaded.stdout


def _wait_until_stopped(data: Path) -> None:
    """Wait until mongod has stopped, about a second after its last user."""
    deadline = time.monotonic() + 20
    while _mongod_pids(data):
        assert time.monotonic() < deadline, "mongod or its supervisor outlived the server"
        time.sleep(0.05)


def test_the_settings_table_is_the_settings_class() -> None:
    rows = dict(re.findall(r"^\| `((?:PARTNERHUB_|MONGODB_)\w+)` \| (?:`(.*?)`)? ?\|", README, re.MULTILINE))
    defaults = structs.asdict(Settings())
    empty = (None, defaults["signing_key"], defaults["smtp_url"])
    expected = {variable_of(name): "" if value in empty else str(value) for name, value in defaults.items()}
    assert rows == expected


def test_every_command_of_the_command_line_is_in_the_readme() -> None:
    missing = [name for name in application.commands if f"partnerhub {name}" not in README]
    assert missing == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make (\w+)", README))))
def test_every_make_target_of_the_readme_is_there(target: str) -> None:
    subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, check=True, capture_output=True, timeout=60
    )
