"""The widgets: their operations are valid, their module is small, and pages of other origins may load it."""

import gzip
import re
from pathlib import Path

import httpx
import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from server.http.widgets import DIST, widget_route
from tests.exported_schema import exported_schema
from tests.web.conftest import WEB

SOURCE = WEB / "widgets" / "src"
MAX_BYTES = 60_000


def _client(dist: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[widget_route(dist)]))
    return httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example")


def test_each_operation_is_valid_against_our_schema() -> None:
    texts = re.findall(r"= `([^`]+)`;", (SOURCE / "documents.ts").read_text(encoding="utf-8"))
    assert len(texts) == 6
    assert [error for text in texts for error in validate(exported_schema(), parse(text))] == []


async def test_pages_of_other_origins_may_load_and_keep_the_module(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "widgets.js").write_text("run()")
    (tmp_path / "assets" / "widgets.js.gz").write_bytes(gzip.compress(b"run()"))
    async with _client(tmp_path) as client:
        answer = await client.get("/widgets.js", headers={"Origin": "https://partner.example"})
        again = await client.get("/widgets.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.text, answer.headers["content-encoding"]) == ("run()", "gzip")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (again.status_code, again.headers["cache-control"]) == (304, "public, max-age=300")


async def test_without_a_build_there_is_no_module(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        assert (await client.get("/widgets.js")).status_code == 404


def test_the_module_is_small() -> None:
    module = DIST / "assets" / "widgets.js.gz"
    if not module.is_file():
        pytest.skip("The widgets are not built: run make setup.")
    assert module.stat().st_size <= MAX_BYTES
