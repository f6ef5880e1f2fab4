"""The entry point: what a server or a command does not need is not imported at its start."""

import subprocess
import sys

from tests.server_process import ROOT

_UNNEEDED = (
    "babel.messages",
    "email.headerregistry",
    "httpx",
    "opentelemetry.sdk",
    "pycountry",
    "pygments",
    "rich",
    "sample",
    "server.cli.check_command",
    "server.development_issuer.routes",
    "smtplib",
)
_CODE = f"""
import sys
from server.cli import entry
sys.argv = ["partnerhub", "schema"]
try:
    entry.main()
finally:
    import server.asgi, server.serving
    print("imported", [name for name in {_UNNEEDED} if sys.modules.get(name)])
"""


def test_a_start_does_not_import_what_it_does_not_need() -> None:
    process = subprocess.run([sys.executable, "-c", _CODE], cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.stdout.splitlines()[-1] == "imported []", process.stderr


def test_a_process_that_only_starts_workers_does_not_import_the_application() -> None:
    code = "import sys, server.serving; print({'graphql', 'jobs.imports', 'server.application'} & {*sys.modules})"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.stdout == "set()\n", process.stderr


def test_workers_import_the_application_as_the_entry_point_does() -> None:
    code = "import gc, sys, server.cli.entry, structlog; print(gc.isenabled(), 'rich' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.stdout == "False False\n", process.stderr


def test_commands_without_the_schema_do_not_import_it() -> None:
    code = "import sys, server.cli.command_line; print({'graphql', 'schema', 'strawberry', 'uvicorn'} & {*sys.modules})"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.stdout == "set()\n", process.stderr
