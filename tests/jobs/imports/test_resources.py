"""Importing resources: upserts by address that nobody is told of, and what is refused."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.imports.records import ImportKind
from sample.writer import write_sample
from store.database.client import Client
from store.database.scope import Scope
from tests.jobs.imports.factory_imports import documents, event_kinds, find_only, import_lines
from tests.store.factory_customers import partner_scope

URL = "https://resources.example/start"


def line(**given: Any) -> dict[str, Any]:
    """A guide to begin with."""
    told = {"title": "Getting started", "summary": "First steps.", "kind": "GUIDE", "products": ["CALLING"]}
    return {"url": URL, **told, "updatedOn": "2026-11-01", **given}


@pytest.fixture
async def scope(client: Client) -> Scope:
    return await partner_scope(client)


async def test_a_new_line_is_a_resource_with_its_defaults(scope: Scope) -> None:
    imported = await import_lines(scope, ImportKind.RESOURCES, line())
    assert imported.counts == (1, 0, 0, 0)
    stored = await find_only(scope, "resources")
    assert stored["_id"].startswith("res_") and stored["version"] == 1
    assert (stored["quick_link"], stored["featured"], stored["products"]) == (False, False, ["CALLING"])
    assert stored["updated_on"] == datetime(2026, 11, 1)
    assert stored["words"] == ["first", "getting", "started", "steps"]
    assert await event_kinds(scope) == []


async def test_a_repeated_file_changes_nothing(scope: Scope) -> None:
    lines = [line(), line(url=f"{URL}/2", featured=True)]
    await import_lines(scope, ImportKind.RESOURCES, *lines)
    before = await documents(scope, "resources")
    assert (await import_lines(scope, ImportKind.RESOURCES, *lines)).counts == (0, 0, 2, 0)
    assert await documents(scope, "resources") == before


async def test_absent_keeps_null_clears_and_the_latest_line_wins(scope: Scope) -> None:
    await import_lines(scope, ImportKind.RESOURCES, line(quickLink=True, featured=True))
    changes = [line(title="Renamed"), line(quickLink=None), line(quickLink=None)]
    assert (await import_lines(scope, ImportKind.RESOURCES, *changes)).counts == (0, 2, 1, 0)
    stored = await find_only(scope, "resources")
    assert (stored["title"], stored["title_folded"]) == ("Getting started", "getting started")
    assert (stored["quick_link"], stored["featured"], stored["version"]) == (False, True, 3)


async def test_a_default_that_is_spelled_out_changes_nothing(scope: Scope) -> None:
    await import_lines(scope, ImportKind.RESOURCES, line())
    assert (await import_lines(scope, ImportKind.RESOURCES, line(featured=False))).counts == (0, 0, 1, 0)
    assert (await find_only(scope, "resources"))["version"] == 1


async def test_resources_belong_to_their_partner(client: Client, scope: Scope) -> None:
    other = await partner_scope(client, "other")
    await import_lines(scope, ImportKind.RESOURCES, line())
    assert (await import_lines(other, ImportKind.RESOURCES, line())).counts == (1, 0, 0, 0)
    assert len(await documents(scope, "resources")) == len(await documents(other, "resources")) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://a b.example"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "ftp://files.example/a"}, "url"),
        ({"url": f"https://a.example/{'x' * 2000}"}, "url"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"summary": "x" * 1001}, "summary"),
        ({"kind": "BOOK"}, "kind"),
        ({"quickLink": "yes"}, "quickLink"),
        ({"products": "CALLING"}, "products"),
        ({"products": [7]}, "products[0]"),
        ({"products": ["CALLING", "CALLING"]}, "products"),
        ({"products": None}, "products"),
        ({"updatedOn": "2026-11-01T00:00:00Z"}, "updatedOn"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_stops_nothing(scope: Scope, given: Any, field: str) -> None:
    imported = await import_lines(scope, ImportKind.RESOURCES, line(**given), line(url=f"{URL}/good"))
    assert imported.counts == (1, 0, 0, 1)
    assert [(number, told) for number, _, told, _ in imported.reasons] == [(1, field)]


async def test_the_samples_resources_load_whole(scope: Scope, tmp_path: Path) -> None:
    (path,) = (one for one in write_sample(tmp_path, 1, 1, date(2026, 11, 22)) if one.name == "resources.ndjson")
    lines = path.read_bytes().splitlines()
    assert (await import_lines(scope, ImportKind.RESOURCES, *lines)).counts == (len(lines), 0, 0, 0)
    stored = await documents(scope, "resources")
    assert len(stored) >= 20
    assert {one["kind"] for one in stored} == {"GUIDE", "TRAINING", "VIDEO", "RELEASE_NOTE"}
    assert any(one["quick_link"] for one in stored) and any(one["featured"] for one in stored)
    assert {product for one in stored for product in one["products"]} == {
        "MEETINGS",
        "CALLING",
        "MESSAGING",
        "REAL_TIME_TRANSLATIONS",
    }
    assert max(one["updated_on"] for one in stored) <= datetime(2026, 11, 22)
