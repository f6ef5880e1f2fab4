"""POST /import/{kind} over real sockets: streams in, counts and refusals out, and who may."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import orjson
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from domain.imports.records import ImportKind
from tests.domain.imports.factory_records import (
    administrator_record,
    customer_record,
    invoice_record,
    order_record,
    subscription_record,
)
from tests.jobs.imports.factory_calls import media, queue_call, report, row, with_customers
from tests.jobs.imports.factory_imports import documents, find_only, import_lines, ndjson
from tests.server.http.import_endpoint import ImportEndpoint, running_import_endpoint


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[ImportEndpoint]:
    async with running_import_endpoint(mongo_uri, prepared_database) as endpoint:
        yield endpoint


def _counted(kind: str) -> dict[str, float]:
    results = ("added", "changed", "unchanged", "refused")
    values = {result: {"kind": kind, "result": result} for result in results}
    name = "partnerhub_import_records_total"
    return {result: REGISTRY.get_sample_value(name, labels) or 0.0 for result, labels in values.items()}


async def test_answers_with_counts_and_refusals(world: ImportEndpoint) -> None:
    lines = ndjson(customer_record("C-1"), b"{", customer_record("C-2", country="DEU"))
    before = _counted("customers")
    with capture_logs() as logged:
        answer = await world.post("customers", lines)
    assert answer.status_code == 200
    assert {result: count - before[result] for result, count in _counted("customers").items()} == {
        "added": 1.0,
        "refused": 2.0,
        "changed": 0.0,
        "unchanged": 0.0,
    }
    (line,) = (one for one in logged if one["event"] == "import")
    assert (line["kind"], line["status"], line["added"], line["refused"]) == ("customers", 200, 1, 2)
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    first, second = body.pop("refusals")
    assert body == {"added": 1, "changed": 0, "unchanged": 0, "refused": 2}
    assert first["line"] == 2
    reason = "is 'DEU', which is no country code of ISO 3166-1, such as DE"
    assert second == {"line": 3, "key": "C-2", "field": "country", "reason": reason}


async def test_takes_orders_and_invoices(world: ImportEndpoint) -> None:
    await import_lines(world.scope, ImportKind.CUSTOMERS, customer_record())
    await import_lines(world.scope, ImportKind.SUBSCRIPTIONS, subscription_record())
    for kind, line in (("orders", order_record()), ("invoices", invoice_record())):
        answer = (await world.post(kind, ndjson(line, {**line, "number": "2", "subscription": "SUB-9"}))).json()
        assert (answer["added"], answer["refused"]) == (1, 1)
        reason = "there is no subscription 'SUB-9'"
        assert answer["refusals"] == [{"line": 2, "key": "2", "field": "subscription", "reason": reason}]


async def test_takes_calls_their_media_and_queue_calls(world: ImportEndpoint) -> None:
    await with_customers(world.scope)
    body = report(row("R-1"), row("R-2", Org_UUID="C-9"))
    calls = (await world.post("calls", gzip.compress(body), **{"Content-Encoding": "gzip"})).json()
    reason = "there is no customer 'C-9'"
    assert calls.pop("refusals") == [{"line": 3, "key": "R-2", "field": "Org UUID", "reason": reason}]
    assert calls == {"added": 1, "changed": 0, "unchanged": 0, "refused": 1}
    assert (await world.post("call-media", ndjson(media(), media("R-2", latencyMs=-1)))).json()["added"] == 1
    assert (await world.post("queue-calls", ndjson(queue_call()))).json()["added"] == 1
    assert (await world.post("calls", body, "api")).status_code == 403


async def test_a_report_without_its_columns_is_refused_whole(world: ImportEndpoint) -> None:
    answer = await world.post("calls", report(row(), header=("Report ID", "Duration")))
    assert answer.status_code == 400
    message = "In the header row the columns are missing: Org UUID and Start time."
    assert answer.json()["error"] == {"code": "BAD_USER_INPUT", "message": message}


async def test_shows_the_first_hundred_refusals_and_counts_all(world: ImportEndpoint) -> None:
    body = (await world.post("customers", ndjson(*([b"{"] * 150)))).json()
    assert (body["refused"], len(body["refusals"]), body["refusals"][-1]["line"]) == (150, 100, 100)


async def test_takes_gzip(world: ImportEndpoint) -> None:
    packed = gzip.compress(ndjson(customer_record("C-1"))) + gzip.compress(ndjson(customer_record("C-2")))
    answer = await world.post("customers", packed, **{"Content-Encoding": "gzip"})
    assert answer.json()["added"] == 2


@pytest.mark.parametrize(
    "packed", [b"no gzip at all\n", gzip.compress(ndjson(customer_record()))[:-9]], ids=["not packed", "cut off"]
)
async def test_refuses_gzip_that_is_damaged(world: ImportEndpoint, packed: bytes) -> None:
    answer = await world.post("customers", packed, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert "gzip" in answer.json()["error"]["message"]


async def test_refuses_encodings_and_kinds_that_it_does_not_know(world: ImportEndpoint) -> None:
    assert (await world.post("customers", b"", **{"Content-Encoding": "br"})).status_code == 415
    answer = await world.post("faxes", b"")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_demands_a_token_with_the_kinds_scope(world: ImportEndpoint) -> None:
    nobody = await world.http.post("/import/customers", content=b"")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    assert (await world.post("customers", b"", "api")).status_code == 403
    assert (await world.post("administrators", b"", "import")).json()["error"]["code"] == "FORBIDDEN"
    lines = ndjson(administrator_record())
    assert (await world.post("administrators", lines, "import import:administrators")).json()["added"] == 1


async def test_a_removed_administrators_token_opens_nothing(world: ImportEndpoint) -> None:
    await import_lines(world.scope, ImportKind.ADMINISTRATORS, administrator_record(state="INVITED"))
    headers = {"Authorization": f"Bearer {await world.token(email='ada@partner.example')}"}
    assert (await world.http.post("/import/customers", content=b"", headers=headers)).status_code == 200
    assert (await find_only(world.scope, "administrators", email="ada@partner.example"))["state"] == "ACTIVE"
    await import_lines(world.scope, ImportKind.ADMINISTRATORS, administrator_record(state="DEACTIVATED"))
    assert (await world.http.post("/import/customers", content=b"", headers=headers)).status_code == 401


async def test_takes_a_stream_in_whatever_pieces(world: ImportEndpoint) -> None:
    await world.post("customers", ndjson(*(customer_record(f"C-{n}") for n in range(30))))
    lines = ndjson(*(subscription_record(f"S-{n}", customer=f"C-{n}") for n in range(30)))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(lines), 777):
            yield lines[start : start + 777]

    assert (await world.post("subscriptions", pieces())).json()["added"] == 30


async def test_a_line_that_was_cut_off_is_not_applied(world: ImportEndpoint) -> None:
    head = [
        "POST /import/customers HTTP/1.1",
        "Host: hub",
        f"Authorization: Bearer {await world.token()}",
        "Content-Length: 100000",
    ]
    cut_off = ndjson(customer_record("C-1"), customer_record("C-2"))[:-1]
    reader, writer = await asyncio.open_connection(*world.address)
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + cut_off)
    await writer.drain()
    writer.write_eof()
    await reader.read()
    writer.close()
    # What is asked afterwards is answered afterwards: by then the endpoint has seen that nobody is there.
    assert (await world.post("customers", ndjson(customer_record("C-3")))).json()["added"] == 1
    assert "C-2" not in {customer["external_id"] for customer in await documents(world.scope, "customers")}


async def test_lines_are_taken_in_while_the_body_still_arrives(world: ImportEndpoint) -> None:
    lines = [customer_record(f"C-{n:03}") for n in range(300)]

    async def body() -> AsyncIterator[bytes]:
        yield ndjson(*lines[:250])
        # The rest is sent only once the beginning can be read: who holds the body would wait for ever.
        async with asyncio.timeout(20):
            while not await documents(world.scope, "customers", external_id="C-099"):
                await asyncio.sleep(0)
        yield ndjson(*lines[250:])

    assert (await world.post("customers", body())).json()["added"] == 300


async def test_calls_are_also_read_as_json(world: ImportEndpoint) -> None:
    await with_customers(world.scope)
    body = orjson.dumps({"items": [{**row("R-1"), "Duration": 90}, row("R-2", Duration="x"), row("R-3")]})
    answer = (await world.post("calls", body)).json()
    assert (answer["added"], answer["refused"]) == (2, 1)
    assert [(one["line"], one["key"], one["field"]) for one in answer["refusals"]] == [(2, "R-2", "Duration")]
    assert (await world.post("calls", ndjson(row("R-1"), row("R-4")))).json()["added"] == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_a_report_with_any_line_end_is_read_in_pieces(world: ImportEndpoint, end: str) -> None:
    await with_customers(world.scope)
    content = report(row("R-1", Model="Room\nKit"), row("R-2", Duration="x"), row("R-3"), end=end)
    # Before Python 3.13 the writer does not quote the breaks of other line ends.
    content = content.replace(b",Room\nKit", b',"Room\nKit"')

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 5):
            yield content[start : start + 5]

    answer = (await world.post("calls", pieces())).json()
    assert (answer["added"], answer["refused"]) == (2, 1)
    assert [(one["line"], one["key"]) for one in answer["refusals"]] == [(4, "R-2")]


async def test_rows_of_a_report_are_taken_in_while_the_body_still_arrives(world: ImportEndpoint) -> None:
    await with_customers(world.scope)
    rows = [row(f"R-{n:05}") for n in range(5000)]
    content = report(*rows)

    async def body() -> AsyncIterator[bytes]:
        yield content[: len(content) // 2 + 7]
        async with asyncio.timeout(20):
            while not await documents(world.scope, "calls", report_id="R-00099"):
                await asyncio.sleep(0)
        yield content[len(content) // 2 + 7 :]

    assert (await world.post("calls", body())).json()["added"] == 5000
