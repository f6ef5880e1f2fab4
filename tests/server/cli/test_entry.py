"""The entry point: what a server does not need is not imported at its start."""

import subprocess
import sys

from tests.server_process import ROOT

_UNNEEDED = ("httpx", "opentelemetry.sdk", "pycountry", "pydantic", "pygments", "rich", "sample")
_CODE = f"""
import sys
from server.cli import entry
entry._import_structlog()
import server.asgi, server.cli.command_line, server.serving
from schema.build import build_schema
build_schema()
sys.exit(str([name for name in {_UNNEEDED} if name in sys.modules]))
"""


def test_a_start_does_not_import_what_it_does_not_need() -> None:
    process = subprocess.run([sys.executable, "-c", _CODE], cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.stderr == "[]\n"
