"""Runs the execution tests of graphql-core with the compiled executor, and counts them by how they ran.

The tests are those of the source distribution of the installed version, which pip downloads. Where a test executes an
operation without naming an executor, it gets the compiled one. `--stock` runs them with Strawberry's executor instead,
for comparison: what fails there fails because of Strawberry.

    .venv/bin/python tools/graphql_core_tests.py [--stock]
"""

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent


def download(folder: Path) -> Path:
    """Download and unpack the source distribution; return its folder."""
    release = f"graphql-core=={version('graphql-core')}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "graphql-core"]
    subprocess.run([*pip, "--dest", str(folder), release], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def main() -> int:
    """Run the tests; return the exit status of pytest."""
    with TemporaryDirectory() as folder:
        source = download(Path(folder))
        plugin = "tools.graphql_core_plugin"
        options = [
            "-q",
            "-n",
            "0",
            "-p",
            plugin,
            "-p",
            "no:hypothesispytest",
            "--tb=line",
            "-W",
            "ignore",
            "tests/execution",
        ]
        options += ["--executor", "stock" if "--stock" in sys.argv else "compiled"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}"}
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options], cwd=source, env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
