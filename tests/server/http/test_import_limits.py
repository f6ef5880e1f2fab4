"""What ends an import over HTTP: its size, its ratio, its silence, and access that is taken away meanwhile."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from domain.imports.records import ImportKind
from store.tenants.service_tokens import revoke_service_tokens
from tests.domain.imports.factory_records import administrator_record, customer_record
from tests.jobs.imports.factory_imports import documents, import_lines, ndjson
from tests.server.http.import_endpoint import ImportEndpoint, running_import_endpoint

GZIP = {"Content-Encoding": "gzip"}
ADA = "ada@partner.example"


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[ImportEndpoint]:
    async with running_import_endpoint(mongo_uri, prepared_database) as endpoint:
        yield endpoint


def _customers(start: int, end: int) -> bytes:
    return ndjson(*(customer_record(f"C-{number:04}") for number in range(start, end)))


async def test_the_size_is_limited_packed_and_unpacked(world: ImportEndpoint) -> None:
    large = _customers(0, 150) + b" " * 2_000_000
    for sent, headers in ((large, {}), (gzip.compress(large, 1), GZIP)):
        answer = await world.post("customers", sent, **headers)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close"), answer.text
    for sent in (b" " * 1_200_000, b" " * 5_000_000):
        answer = await world.post("customers", gzip.compress(sent), **GZIP)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "BAD_USER_INPUT")
        assert "200 times its size" in answer.json()["error"]["message"]


async def test_members_without_content_count_by_their_size(world: ImportEndpoint) -> None:
    answer = await world.post("customers", gzip.compress(b"") * 110_000, **GZIP)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "BAD_USER_INPUT")
    assert (await world.post("customers", gzip.compress(b"") * 1_000 + gzip.compress(b"\n"), **GZIP)).status_code == 200


async def test_a_partner_has_a_limited_number_of_imports_at_once(world: ImportEndpoint) -> None:
    begun, may_end = [asyncio.Event() for _ in range(5)], asyncio.Event()

    async def body(number: int) -> AsyncIterator[bytes]:
        # More than one batch: the import has begun when its first customers are there.
        yield _customers(number * 200, number * 200 + 150)
        async with asyncio.timeout(20):
            while not await documents(world.scope, "customers", external_id=f"C-{number * 200:04}"):
                await asyncio.sleep(0.01)
        begun[number].set()
        await may_end.wait()

    sending = [asyncio.create_task(world.post("customers", body(number))) for number in range(5)]
    await asyncio.gather(*(each.wait() for each in begun))
    refused = await world.post("customers", _customers(0, 1))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert (refused.headers["retry-after"], refused.headers["connection"]) == ("10", "close")
    may_end.set()
    assert [each.json()["added"] for each in await asyncio.gather(*sending)] == [150] * 5
    assert (await world.post("customers", _customers(0, 1))).json()["unchanged"] == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("customers", b"\n" * 1_900_000),
        ("customers", b"\r\n" * 900_000),
        ("customers", b"{}\n" * 600_000),
        ("customers", _customers(0, 1) * 8_000),
        ("calls", b'{"items":[{"Report ID":1}' + b",{}" * 600_000 + b"]}"),
        ("calls", b'{"items":[' + b"1," * 900_000 + b"1]}"),
    ],
    ids=["blank", "blank with returns", "wrong", "repeated", "items", "items that are numbers"],
)
async def test_many_lines_in_few_packed_bytes_are_refused(world: ImportEndpoint, kind: str, body: bytes) -> None:
    answer = await world.post(kind, gzip.compress(body), **GZIP)
    assert (answer.status_code, answer.headers["connection"]) in ((413, "close"), (400, "close")), answer.text
    assert answer.json()["error"]["code"] == "BAD_USER_INPUT"
    assert sum(answer.json()[name] for name in ("unchanged", "refused")) < 10_000


async def test_records_that_differ_may_be_packed(world: ImportEndpoint) -> None:
    removals = ndjson(*({"externalId": f"C-{number:05}", "removed": True} for number in range(6_000)))
    body = _customers(0, 1) + removals
    answer = await world.post("customers", gzip.compress(body), **GZIP)
    assert (answer.status_code, answer.json()["added"]) == (200, 1)


async def test_an_import_ends_when_each_record_is_refused(world: ImportEndpoint) -> None:
    before = _refused_records()
    answer = await world.post("customers", b"{}\n" * 100_000)
    assert (answer.status_code, answer.headers["connection"]) == (400, "close")
    refused, message = answer.json()["refused"], answer.json()["error"]["message"]
    assert 1_000 <= refused < 10_000
    assert message.startswith("Every record until here was refused, and the rest was not read: correct the records.")
    assert f"The first {refused:,} records were processed" in message
    assert (len(answer.json()["refusals"]), answer.json()["refusals"][0]["line"]) == (100, 1)
    assert _refused_records() - before == refused
    answer = await world.post("customers", _customers(0, 1) + b"{}\n" * 3_000)
    assert (answer.status_code, answer.json()["refused"]) == (200, 3_000)


def _refused_records() -> float:
    labels = {"kind": "customers", "result": "refused"}
    return REGISTRY.get_sample_value("partnerhub_import_records_total", labels) or 0.0


async def test_what_is_sent_as_it_is_may_have_any_ratio(world: ImportEndpoint) -> None:
    assert (await world.post("customers", b" " * 1_500_000)).json()["refused"] == 1
    packed = gzip.compress(b" " * 900_000)
    assert (await world.post("customers", packed, **GZIP)).status_code == 200


async def test_a_body_that_no_longer_arrives_ends(mongo_uri: str, prepared_database: str) -> None:
    async with running_import_endpoint(mongo_uri, prepared_database, idle_seconds=0.5) as world:
        head = f"POST /import/customers HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {await world.token()}\r\n"
        reader, writer = await asyncio.open_connection(*world.address)
        writer.write(f"{head}Content-Length: 1000000\r\n\r\n".encode() + _customers(0, 250))
        async with asyncio.timeout(20):
            status, *_, body = (await reader.read()).split(b"\r\n")
        writer.close()
        assert b" 408 " in status
        answer = orjson.loads(body)
        sentences = answer["error"]["message"].split(". ")
        assert sentences[0] == "Nothing of the body arrived for 0.5 seconds"
        assert sentences[1] == "The first 200 records were processed: send the others again."
        assert answer["error"]["code"] == "TIMEOUT"
        assert answer["added"] == len(await documents(world.scope, "customers")) == 200


async def _remove(world: ImportEndpoint) -> None:
    await import_lines(world.scope, ImportKind.ADMINISTRATORS, administrator_record(state="DEACTIVATED"))


async def _invite_again(world: ImportEndpoint) -> None:
    await _remove(world)
    await import_lines(world.scope, ImportKind.ADMINISTRATORS, administrator_record(state="INVITED"))


async def _revoke(world: ImportEndpoint) -> None:
    assert await revoke_service_tokens(world.scope.client, world.scope.match()) == 1


@pytest.mark.parametrize("take_away", [_remove, _invite_again, _revoke])
async def test_an_import_ends_with_its_token_or_the_access_of_its_administrator(
    world: ImportEndpoint, take_away: Callable[[ImportEndpoint], Any]
) -> None:
    await import_lines(world.scope, ImportKind.ADMINISTRATORS, administrator_record())

    async def body() -> AsyncIterator[bytes]:
        yield _customers(0, 150)
        async with asyncio.timeout(20):
            while len(await documents(world.scope, "customers")) < 100:
                await asyncio.sleep(0)
        await take_away(world)
        yield _customers(150, 1_000)

    headers = {"Authorization": f"Bearer {await world.token(email=ADA)}"}
    sending = asyncio.create_task(world.http.post("/import/customers", content=_beating(body()), headers=headers))
    answer = await sending
    assert answer.status_code == 401, answer.text
    error = answer.json()["error"]
    assert error["code"] == "UNAUTHENTICATED"
    assert error["message"].endswith("The first 100 records were processed: send the others again.")
    assert answer.json()["added"] == len(await documents(world.scope, "customers")) == 100


async def _beating(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield blank lines while the next chunk is not there: the body never falls silent."""
    pending: asyncio.Task[bytes] | None = None
    while True:
        pending = pending or asyncio.create_task(anext(chunks))  # type: ignore[arg-type]
        done, _ = await asyncio.wait({pending}, timeout=0.1)
        if not done:
            yield b"\n"
            continue
        try:
            yield pending.result()
        except StopAsyncIteration:
            return
        pending = None
