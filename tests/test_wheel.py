"""The wheel: it contains every sub-package, and `partnerhub run` works from it outside the repository."""

import os
import re
import shutil
import signal
import subprocess
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.server_process import ROOT, stop
from tests.test_package_layout import PRODUCT

QUERY = "{ customers(first: 3) { totalCount nodes { name statuses } } }"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, because setuptools reuses an old `build` folder of the repository."""
    sources = tmp_path_factory.mktemp("sources")
    for name in PRODUCT:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "web/dist", sources / "web/dist")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    target = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target)]
    _run(str(ROOT / ".venv/bin/python"), "-m", "pip", "wheel", *options, str(sources))
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An otherwise empty environment with the wheel.

    The dependencies come from the repository's environment by a .pth file: installing the locked packages takes more
    than a minute. Python does not read the .pth files of a folder that is added in this way, so the editable
    installation of the repository stays invisible.
    """
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, with_pip=False, symlinks=True)
    site_packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    pip = [str(ROOT / ".venv/bin/python"), "-m", "pip", "--python", str(environment / "bin/python"), "install"]
    _run(*pip, "--quiet", "--no-deps", "--no-index", str(wheel))
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


def _run(*command: str, cwd: Path | None = None) -> str:
    finished = subprocess.run(
        command, cwd=cwd, env=_clean_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _clean_environment() -> dict[str, str]:
    """The environment without what could lead to the repository or to another database."""
    prefixes = ("MONGODB_URI", "PARTNERHUB_", "PYTHON", "VIRTUAL_ENV", "COV_", "PIP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def test_contains_modules_catalogues_and_built_pages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    packed = (path for package in PRODUCT for kind in ("*.p[yo]", "*.css") for path in (ROOT / package).rglob(kind))
    sources = {str(path.relative_to(ROOT)) for path in packed}
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "web/dist").rglob("[!.]*") if path.is_file()}
    assert pages > {"web/dist/index.html", "web/dist/dashboard/index.html"}
    assert names == sources | pages


def test_the_installed_command_uses_the_installed_packages(installed: Path, tmp_path: Path) -> None:
    statement = "import server.cli; print(server.cli.__file__)"
    printed = _run(str(installed / "bin/python"), "-c", statement, cwd=tmp_path)
    assert Path(printed.strip()).is_relative_to(installed)


def test_the_installed_command_prints_the_schema(installed: Path, tmp_path: Path) -> None:
    printed = _run(str(installed / "bin/partnerhub"), "schema", cwd=tmp_path)
    assert printed == (ROOT / "schema.graphql").read_text()


def test_run_serves_the_sample_partner_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "bin/partnerhub"), "run", "--port", "0", "--customers", "10"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=_clean_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            address, token = _read_banner(process)
            response = httpx.post(
                f"{address}/graphql",
                json={"query": QUERY},
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
                verify=False,
            ).json()
            page = httpx.get(f"{address}/graphql", headers={"Accept": "text/html"}, timeout=30)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            stop(process)
    assert "errors" not in response, response
    built = (ROOT / "web/dist/index.html").read_text(encoding="utf-8")
    assert re.sub(r'(<meta name="sign-in" content=").*?"', r'\1"', page.text) == built
    customers = response["data"]["customers"]
    assert (customers["totalCount"], len(customers["nodes"])) == (10, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".data"]


def _read_banner(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """The address and the administrator's token that `run` prints when the server is ready."""
    assert process.stdout is not None
    printed: dict[str, str] = {}
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        printed[word] = rest.strip()
        if word == "Ctrl-C":
            return printed["ready"], printed["FULL_ADMINISTRATOR"]
    raise AssertionError(f"`partnerhub run` ended with status {process.wait()} before it was ready.")
