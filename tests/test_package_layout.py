"""The layout of the packages: sizes of folders, files and functions, and the description of each package."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server_process import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PRODUCT = sorted(PYPROJECT["tool"]["coverage"]["run"]["source"])
# These two have one module per feature of the API, so they are flat and larger.
FEATURE_FOLDERS = {"schema", "resolvers"}
# Folders of tests that test several packages at once.
CROSS_PACKAGE_TESTS = {"docs", "end_to_end", "faults", "reference", "web"}
# Tests and benchmarks contain tables of examples, so their functions may be longer.
MAX_FUNCTION_LINES = {"code": 35, "tests": 45}


def _folders(root: Path) -> list[Path]:
    return [root, *(path for path in sorted(root.rglob("*")) if path.is_dir() and path.name != "__pycache__")]


PACKAGES = [folder.relative_to(ROOT) for name in PRODUCT for folder in _folders(ROOT / name)]
CODE = [ROOT / path for name in PRODUCT for path in sorted((ROOT / name).rglob("*.py"))]
TESTS = [path for name in ("tests", "bench") for path in sorted((ROOT / name).rglob("*.py"))]


def _modules(package: Path) -> set[str]:
    return {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}


def _functions(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield name and number of lines of each function, decorators excluded."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child.name, (child.end_lineno or child.lineno) - child.lineno + 1
        # Expressions contain no functions with a name; to skip them makes this five times as fast.
        if isinstance(child, ast.stmt):
            yield from _functions(child)


def test_every_package_with_an_init_file_at_the_top_is_known() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "bench"} == set(PRODUCT)
    assert set(PYPROJECT["tool"]["importlinter"]["root_packages"]) == set(PRODUCT)
    makefile = (ROOT / "Makefile").read_text()
    listed = re.search(r"^PACKAGES := (.*)$", makefile, re.MULTILINE)
    assert listed is not None
    assert set(listed[1].split()) == set(PRODUCT)


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_folder_is_not_too_large(package: Path) -> None:
    limit = 40 if str(package) in FEATURE_FOLDERS else 25
    assert len(_modules(package)) <= limit


@pytest.mark.parametrize("package", [package for package in PACKAGES if len(package.parts) > 1], ids=str)
def test_a_sub_package_states_its_contents_and_the_module_to_read_first(package: Path) -> None:
    source = (ROOT / package / "__init__.py").read_text()
    docstring = ast.get_docstring(ast.parse(source)) or ""
    assert docstring, "An __init__.py states what the sub-package owns."
    named = set(re.findall(r"\b([a-z_]+)\.(?:py\b|[a-z_]+\.?$)", docstring))
    assert named & (_modules(package) | {path.name for path in (ROOT / package).iterdir()}), docstring


@pytest.mark.parametrize("package", [package for package in PACKAGES if len(package.parts) > 1], ids=str)
def test_import_rules_name_each_sub_package_at_the_top(package: Path) -> None:
    """import-linter's contracts are exhaustive: they list each sub-package of a package that has some."""
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layered = [contract for contract in contracts if package.parts[0] in contract.get("containers", [])]
    assert len(layered) == 1 and layered[0]["exhaustive"]
    assert package.parts[1] in {name.strip() for layer in layered[0]["layers"] for name in layer.split("|")}


@pytest.mark.parametrize(("files", "limit"), [(CODE, 300), (TESTS, 500)], ids=["code", "tests"])
def test_no_file_is_too_long(files: list[Path], limit: int) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {path: lines for path, lines in lengths.items() if lines > limit} == {}


@pytest.mark.parametrize(("kind", "files"), [("code", CODE), ("tests", TESTS)])
def test_no_function_is_too_long(kind: str, files: list[Path]) -> None:
    long_functions = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name, lines in _functions(ast.parse(path.read_text()))
        if lines > MAX_FUNCTION_LINES[kind]
    }
    assert long_functions == set()


def test_folders_of_tests_mirror_the_packages() -> None:
    folders = {folder.relative_to(ROOT / "tests") for folder in _folders(ROOT / "tests")[1:]}
    unknown = {folder for folder in folders if folder.parts[0] not in CROSS_PACKAGE_TESTS and folder not in PACKAGES}
    assert unknown == set()


def test_make_help_lists_each_target_that_is_meant_for_people() -> None:
    """Targets without a description are steps of others: they must not be mentioned in the README."""
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    described = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert described <= set(phony.split())
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    mentioned = {name for page in pages for name in re.findall(r"`make ([a-z-]+)", page.read_text())}
    assert mentioned <= described
