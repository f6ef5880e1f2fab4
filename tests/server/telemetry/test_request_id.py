"""The id of a request: accepted, generated, echoed, and in every line of the log."""

import re
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from server.telemetry.request_id import RequestIds, add_request_id


async def _request(header: str | None) -> tuple[str, dict[str, Any]]:
    """Return the id of the answer, and a line that the application logged."""
    lines: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        lines.append(add_request_id(None, "info", {"event": "during"}))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(RequestIds(application))
    async with httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example") as http:
        answer = await http.get("/", headers={} if header is None else {b"X-Request-ID": header.encode()})
    return answer.headers["x-request-id"], lines[0]


@pytest.mark.parametrize("sent", ["7f0a", "Root=1-67891233-abcdef012345678912345678", "a" * 128])
async def test_accepts_and_echoes_an_id(sent: str) -> None:
    assert await _request(sent) == (sent, {"event": "during", "request_id": sent})


@pytest.mark.parametrize("sent", [None, "", "a" * 129, "a b", 'a"b', "a;b", "é"])
async def test_generates_an_id_for_none_and_for_anything_else(sent: str | None) -> None:
    echoed, line = await _request(sent)
    assert re.fullmatch("[0-9a-f]{32}", echoed) and line["request_id"] == echoed
    assert "request_id" not in add_request_id(None, "info", {})
