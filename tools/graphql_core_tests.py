"""Run the execution tests of graphql-core with the compiled executor, and count them by how they ran.

The tests are those of the source distribution of the installed version, which pip downloads, with the plugin of pytest
that they need. Where a test executes an operation without naming an executor, it gets the compiled one
(tools/graphql_core_plugin.py). `--stock` runs them with Strawberry's executor, for comparison: what fails there too
fails because of Strawberry. docs/execution.md has the last result.

    .venv/bin/python tools/graphql_core_tests.py [--stock]
"""

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def download_tests(folder: Path) -> Path:
    """Download and unpack the source distribution; return its folder."""
    release = f"graphql-core=={version('graphql-core')}"
    command = [*_PIP, "download", "--no-deps", "--no-binary", "graphql-core", "--dest", str(folder), release]
    subprocess.run(command, check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def main() -> int:
    """Run the tests; return the exit status of pytest."""
    executor = "stock" if "--stock" in sys.argv else "compiled"
    with TemporaryDirectory() as name:
        folder = Path(name)
        source, plugins = download_tests(folder), folder / "plugins"
        subprocess.run([*_PIP, "install", "--no-deps", "--target", str(plugins), "pytest-describe"], check=True)
        pytest = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-o", "addopts=", "-p", "graphql_core_plugin"]
        options = ["--tb=no", "-W", "ignore", "--executor", executor, "tests/execution"]
        path = ":".join(map(str, (ROOT, ROOT / "tools", plugins)))
        run = subprocess.run([*pytest, *options], cwd=source, env={"PATH": "/usr/bin", "PYTHONPATH": path}, check=False)
        return run.returncode


if __name__ == "__main__":
    sys.exit(main())
