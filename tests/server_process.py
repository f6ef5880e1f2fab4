"""A real server process on a free port, over the database of the test."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias, TypeVar

import httpx
import orjson

from domain.imports.records import ImportKind
from jobs.imports.runner import import_stream
from server.cli.token_commands import issue_token
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from store.tenants.partner_creation import create_partner
from tests.forked_command import ForkedCommand
from tests.installation_keys import KEYS, SIGNING_KEY

Result = TypeVar("Result")
RunningCommand: TypeAlias = "ForkedCommand | subprocess.Popen[str]"

ROOT = Path(__file__).resolve().parent.parent
PARTNER = "acme"
EMAILS = {
    "FULL_ADMINISTRATOR": "full@acme.example",
    "ADMINISTRATOR": "admin@acme.example",
    "READ_ONLY_ADMINISTRATOR": "readonly@acme.example",
    "HELPDESK_ADMINISTRATOR": "helpdesk@acme.example",
}


class ServerProcess(NamedTuple):
    """One server process and its address."""

    url: str
    process: RunningCommand


class ServerHarness:
    """Starts servers on one database; creates tokens, imports records and runs operations.

    Unless `is_forked`, servers start as an operator starts them, which takes 1.5 s of processor time more.
    """

    def __init__(self, mongo_uri: str, database_name: str, *, is_forked: bool = True, **settings: str) -> None:
        limits = _no_limits() if is_forked else _unreached_limits()
        # There is no load balancer in a test that would need time.
        settings = {"drain_seconds": "0", "database": database_name, "signing_key": SIGNING_KEY, **limits, **settings}
        variables = {f"PARTNERHUB_{name.upper()}": value for name, value in settings.items()}
        self.environment = {**os.environ, "MONGODB_URI": mongo_uri, **variables}
        self.is_forked = is_forked
        self.url = ""
        self._tokens: dict[str, str] = {}
        self._has_indexes = False

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line in a process on this database; capture its output."""
        with TemporaryDirectory() as folder:
            errors = Path(folder, "errors")
            with ForkedCommand(arguments, self.environment, errors) as command:
                printed = command.stdout.read()
                status = command.wait(120)
            return subprocess.CompletedProcess(arguments, status, printed, errors.read_text())

    def make_partner(self, partner: str = PARTNER, plan: Sequence[Mapping[str, Any]] = ()) -> None:
        """Create the partner with a plan and one administrator of each role."""

        async def make(client: Client) -> None:
            scope = Scope(client, partner, utc_now())
            await create_partner(scope, "Acme Telecom", EMAILS["FULL_ADMINISTRATOR"], plan)
            lines = [{"email": email, "displayName": role.title(), "role": role} for role, email in EMAILS.items()]
            summary = await import_stream(scope, ImportKind.ADMINISTRATORS, _stream(lines))
            assert summary.refused == 0

        self._with_client(make)

    def token(self, role: str = "FULL_ADMINISTRATOR", scope: str = "api", partner: str = PARTNER) -> str:
        """Return a token for the administrator of a role."""
        key = f"{partner}/{role}/{scope}"
        if key not in self._tokens:
            self._tokens[key] = self._with_client(
                lambda c: issue_token(KEYS, Scope(c, partner, utc_now()), EMAILS[role], scope, 3600)
            )
        return self._tokens[key]

    def short_lived_token(self, seconds: int, role: str = "FULL_ADMINISTRATOR") -> str:
        """Return a token with a lifetime in seconds."""
        return self._with_client(
            lambda c: issue_token(KEYS, Scope(c, PARTNER, utc_now()), EMAILS[role], "api", seconds)
        )

    def _with_client(self, work: Callable[[Client], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            client = Client(self.environment["MONGODB_URI"], self.environment["PARTNERHUB_DATABASE"])
            try:
                if not self._has_indexes:
                    await prepare_database(client)
                    self._has_indexes = True
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(run())

    def import_lines(self, kind: str, lines: Sequence[Mapping[str, Any]], partner: str = PARTNER) -> dict[str, Any]:
        """Import records over HTTP; return the summary."""
        body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        token = self.token(scope="import import:administrators", partner=partner)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{self.url}/import/{kind}", content=body, headers=headers, timeout=60, verify=False)
        assert answer.status_code == 200, answer.text
        summary: dict[str, Any] = answer.json()
        return summary

    def query(
        self, text: str, role: str = "FULL_ADMINISTRATOR", partner: str = PARTNER, **variables: Any
    ) -> dict[str, Any]:
        """Run an operation over HTTP; return the whole response."""
        headers = {"Authorization": f"Bearer {self.token(role, partner=partner)}"}
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": text, "variables": variables},
            headers=headers,
            timeout=30,
            verify=False,
        )
        response: dict[str, Any] = answer.json()
        return response

    @contextmanager
    def start_server(self, *arguments: str) -> Iterator["ServerProcess"]:
        """Run a server process; `url` is the address of the first one."""
        command = ["serve", "--port", "0", *arguments]
        with ForkedCommand(command, self.environment) if self.is_forked else self._open_process(command) as process:
            try:
                server = ServerProcess(wait_until_ready(process), process)
                self.url = self.url or server.url
                yield server
            finally:
                stop(process)

    def _open_process(self, arguments: Sequence[str]) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "server.cli.entry", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)


def _no_limits() -> dict[str, str]:
    """Return the settings of tests, which send more operations than a person."""
    return {"rate_limit_administrator": "0", "rate_limit_partner": "0"}


def _unreached_limits() -> dict[str, str]:
    """Return the settings of benchmarks: limits in force that nothing reaches.

    The burst is 20 s of the rate, as an administrator has by default. A process reserves a twentieth of the burst at a
    time, in a round trip: with the default burst, this rate would measure reservations instead of requests.
    """
    rates = {f"rate_limit_{name}": "1000000000" for name in ("administrator", "partner")}
    return {**rates, **{f"{name}_burst": "20000000000" for name in rates}}


async def _stream(lines: Sequence[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    for line in lines:
        yield orjson.dumps(line) + b"\n"


def wait_until_ready(process: RunningCommand) -> str:
    """Wait for `ready http://…` and return the address."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return line.split()[1]
    raise AssertionError(f"The server ended with status {process.wait()} before it was ready.")


def stop(process: RunningCommand) -> None:
    """Stop the process with SIGTERM, and wait for its end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
