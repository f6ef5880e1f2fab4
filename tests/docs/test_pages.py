"""The pages name only files, links and commands that exist."""

import re
from pathlib import Path

import pytest

from jobs.loop import JOBS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TOP = {path.name for path in ROOT.iterdir()}
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def _paths(text: str) -> set[str]:
    """The code spans that name a file or folder of the repository."""
    spans = (span.partition(":")[0] for span in CODE.findall(FENCE.sub("", text)))
    return {span for span in spans if "/" in span and span.split("/")[0] in TOP and re.fullmatch(r"[\w./-]+", span)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_only_files_that_exist(page: Path) -> None:
    missing = {
        path for path in _paths(page.read_text()) if not (ROOT / path).exists() and not path.startswith("web/dist/")
    }
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_only_to_pages_that_exist(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    assert [
        page.name for page in ROOT.glob("docs/*.md") if f"({page.name})" not in index and page.name != "README.md"
    ] == []


def test_finds_the_paths_of_a_page() -> None:
    assert _paths("See `store/indexes.py` and `a/b`; `domain/text` too.\n```\n`store/no.py`\n```\n") == {
        "store/indexes.py",
        "domain/text",
    }


def test_the_table_of_jobs_is_complete() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.partition("| Job | Module | Does |")[2].partition("## ")[0]
    named = [name.strip() for line in table.splitlines()[2:] if line for name in line.split("|")[1].split(",")]
    assert sorted(named) == sorted(job.name for job in JOBS)
