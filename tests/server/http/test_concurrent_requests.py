"""The limit on requests in progress, as middleware alone."""

import asyncio
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from server.http.concurrent_requests import ConcurrentRequests, RequestCount


async def test_more_requests_get_503_until_a_response_begins() -> None:
    begin = asyncio.Event()
    end = asyncio.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/fails":
            raise RuntimeError
        if scope["path"] == "/graphql/stream":
            await begin.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/graphql/stream":
            await end.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    count = RequestCount(2)
    limited: Any = ConcurrentRequests(application, count)
    transport = httpx.ASGITransport(limited, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", verify=False) as http:
        streams = [asyncio.create_task(http.get("/graphql/stream")) for _ in range(2)]
        while count.count < 2:
            await asyncio.sleep(0)
        refused = await http.post("/graphql")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert (await http.get("/livez")).status_code == 200
        begin.set()
        while count.count:
            await asyncio.sleep(0)
        assert (await http.post("/graphql")).status_code == 200
        assert (await http.post("/fails")).status_code == 500
        end.set()
        assert [response.status_code for response in await asyncio.gather(*streams)] == [200, 200]
    assert count.count == 0
