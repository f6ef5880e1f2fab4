"""The table of docs/performance.md, which `make bench` prints and writes.

`python -m bench.table [PART …]` (all parts; a page is written only where all were asked for). A part that fails, or
that needs what this machine does not have, leaves rows that say why.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvloop

from bench import executor, fanout, footprint, peers
from bench.rows import Row, markdown
from store.embedded.mongod import mongod_binary
from tests.server_process import ROOT

PAGE = ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- make bench: begin -->\n", "<!-- make bench: end -->\n"
_LIBRARIES = ("graphql-core", "strawberry-graphql", "pymongo", "motor", "orjson", "starlette", "uvicorn", "uvloop")
PARTS: Mapping[str, Callable[[], list[Row]]] = {
    "executor": executor.measure,
    "fanout": lambda: uvloop.run(fanout.measure()),
    "footprint": footprint.measure,
    "peers": peers.measure_configured,
}


def run_part(name: str) -> list[Row]:
    """Return the rows of a part, or one that says why there are none."""
    try:
        return PARTS[name]()
    except Exception as failure:  # noqa: BLE001  One part must not cost the others their rows.
        reason = f"{type(failure).__name__}: {failure}".splitlines()[0][:200]
        return [Row(f"bench.{name}", "", "", remark=reason.replace("|", "/"))]


def describe_run() -> str:
    """Return when and where the table was measured, with the versions of what was measured."""
    commit = _output("git", "describe", "--always", "--dirty", "--abbrev=12")
    mongod = _output(str(mongod_binary()), "--version").splitlines()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    load = os.getloadavg()[2]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC at {commit} on {os.cpu_count()} × {_processor()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, MongoDB {mongod.split()[-1]}; "
        f"{libraries}. Mean number of running processes in the last 15 minutes: {load:.1f}.\n"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def write_page(table: str) -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(f"{before}{_BEGIN}{table}{_END}{rest.partition(_END)[2]}")


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PARTS)
    measured = f"{describe_run()}\n{markdown([row for name in chosen for row in run_part(name)])}"
    print(measured)
    if chosen == list(PARTS):
        write_page(measured)
