"""Exports: an address that streams a list once, with the rights that its requester has when the file is read."""

import csv
import json
from io import BytesIO, StringIO
from typing import Any

import httpx
import openpyxl
import pytest

from domain.integrations.exports import CustomerColumn
from domain.types import LicenseReport
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, add_customers, subscription, trial

FULL, ADMINISTRATOR = "FULL_ADMINISTRATOR", "ADMINISTRATOR"
ADDRESS = "url expiresAt"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, FULL)


def address(api: ApiHarness, token: str, field: str, **given: Any) -> str:
    payload = send_mutation(api, token, field, ADDRESS, **given)
    assert payload["userErrors"] == []
    return str(payload["url"])


def exported(api: ApiHarness, token: str, field: str, **given: Any) -> httpx.Response:
    response = api.http.get(address(api, token, field, **given))
    assert response.status_code == 200, response.text
    return response


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def change(api: ApiHarness, collection: str, changes: dict[str, Any], **where: Any) -> None:
    async def work(scope: Any) -> None:
        await scope.collection(collection).update_one({**scope.match(), **where}, {"$set": changes})

    api.store(work)


def add_many(api: ApiHarness, count: int) -> None:
    held = [(f"ORG-{n:04}", [subscription(f"S-{n:04}")]) for n in range(count)]
    api.store(lambda scope: add_customers(scope, held))


def test_customers_are_those_of_the_list_in_its_order(api: ApiHarness, token: str) -> None:
    """More than one page of 200, in every order."""
    add_many(api, 450)
    query = "query($after: String) { customers(first: 200, after: $after, orderBy: {field: NAME, direction: DESC}) { nodes { externalId } pageInfo { endCursor } } }"  # noqa: E501
    listed: list[str] = []
    after = None
    while page := api.execute_data(token, query, after=after)["customers"]:
        listed += [node["externalId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["nodes"]:
            break
    order = {"field": "NAME", "direction": "DESC"}
    response = exported(api, token, "exportCustomers", orderBy=order, columns=["EXTERNAL_ID", "NAME"])
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == f'attachment; filename="customers-{utc_now():%Y-%m-%d}.csv"'
    assert response.headers["cache-control"] == "no-store" and response.headers["referrer-policy"] == "no-referrer"
    rows = list(csv.reader(StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["External id", "Name"] and [row[0] for row in rows[1:]] == listed
    assert len(listed) == 450
    urgent = exported(api, token, "exportCustomers", filter={"search": "ORG-0007"}, columns=["NAME"], format="NDJSON")
    assert lines(urgent) == [{"name": "Customer ORG-0007"}]


def test_every_column_of_a_customer(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator(ADMINISTRATOR, display_name="Ada")
    over = {"product": "CALLING", "total": 4, "assigned": 9, "used": 2, "day": None}
    held = subscription("SUB-1", licenses=[over]), trial("T-1")
    facts = {"name": "=SUM(A1)", "country": "DE", "domain": "acme.example", "assignments": [assignment(ada)]}
    customer = api.store(lambda scope: add_customer(scope, "ORG-1", *held, **facts))
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    send_mutation(api, token, "assignTags", "changed", customers={"ids": [customer]}, tags=[tag])
    fields = "nextExpiryAt lastAdministratorSignInAt createdAt statusDetails { reason }"
    shown = api.execute_data(token, f"{{ customers {{ nodes {{ {fields} }} }} }}")["customers"]["nodes"][0]
    (row,) = lines(exported(api, token, "exportCustomers", format="NDJSON"))
    reasons = [detail["reason"] for detail in shown.pop("statusDetails")]
    assert row == {
        "externalId": "ORG-1",
        "name": "=SUM(A1)",
        "domain": "acme.example",
        "country": "DE",
        "managedBy": "PARTNER_ORGANIZATION",
        "statuses": ["LICENSE_OVERAGE", "TRIAL", "SUBSCRIPTION"],
        "statusReasons": reasons,
        "products": ["MEETINGS", "CALLING"],
        "tags": ["Gold"],
        "administrators": ["Ada"],
        "licensesTotal": 14,
        "licensesAssigned": 14,
        "licensesUsed": 5,
        "licensesOverage": 5,
        **shown,
    }
    assert len(row) == len(CustomerColumn)
    content = exported(api, token, "exportCustomers", format="XLSX").content
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    cells = dict(zip(*([cell.value for cell in each] for each in sheet.iter_rows()), strict=True))
    assert (cells["Name"], cells["Licenses overage"], cells["Tags"]) == ("'=SUM(A1)", 5, "Gold")
    assert cells["Statuses"] == "LICENSE_OVERAGE; TRIAL; SUBSCRIPTION"
    serbian = {"Authorization": f"Bearer {token}", "Accept-Language": "sr"}
    query = "mutation { exportCustomers(input: {columns: [STATUS_REASONS], format: NDJSON}) { url } }"
    made = api.http.post("/graphql", json={"query": query}, headers=serbian).json()["data"]["exportCustomers"]
    (row,) = lines(api.http.get(made["url"]))
    assert len(row["statusReasons"]) == 3 and row["statusReasons"] != reasons


FORMULA = '=HYPERLINK("http://evil.example";"x");=1+1\n+2'


def read_cells(response: httpx.Response, format_: str) -> list[Any]:
    """All cells of a table without its head."""
    if format_ == "XLSX":
        sheet = openpyxl.load_workbook(BytesIO(response.content)).active
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
        return [cell.value for row in sheet.iter_rows(min_row=2) for cell in row]
    text = response.content.decode("utf-8-sig").partition("\r\n")[2]
    # As programs read it that know commas and quotes, and as those do that know semicolons alone.
    cells = [cell for row in csv.reader(StringIO(text, newline="")) for cell in row]
    return [*cells, *(part for line in text.splitlines() for part in line.split(";"))]


@pytest.mark.parametrize("format_", ["CSV", "XLSX"])
def test_no_cell_of_any_export_is_a_formula(api: ApiHarness, token: str, format_: str) -> None:
    """Every text that people or deliveries choose is one."""
    ada = api.add_administrator(ADMINISTRATOR, display_name=FORMULA)
    line = {"product": "CALLING", "total": 4, "assigned": 9, "used": 2, "day": None}
    soon = {"licenses": [line], "ends_at": utc_now() + DAY, "added_at": utc_now() - DAY}
    facts = {"name": FORMULA, "country": FORMULA, "domain": FORMULA, "assignments": [assignment(ada)]}
    customer = api.store(lambda scope: add_customer(scope, FORMULA, subscription(FORMULA, **soon), **facts))
    tag = send_mutation(api, token, "createTag", "tag { id }", name="=1+1;=2")["tag"]["id"]
    send_mutation(api, token, "assignTags", "changed", customers={"ids": [customer]}, tags=[tag])
    exports: list[tuple[str, dict[str, Any]]] = [("exportCustomers", {}), ("exportActivity", {})]
    exports += [("exportLicenseReport", {"report": report, "product": "CALLING"}) for report in LicenseReport]
    texts = 0
    for field, given in exports:
        for cell in read_cells(exported(api, token, field, format=format_, **given), format_):
            if isinstance(cell, str):
                texts += "1+1" in cell
                is_number = cell.lstrip("-").replace(".", "", 1).isdigit()
                assert is_number or not cell.lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\r")), (field, cell)
    assert texts >= 12


@pytest.mark.parametrize("report", LicenseReport)
def test_a_license_report_is_its_table(api: ApiHarness, token: str, report: str) -> None:
    now = utc_now()
    over = [{"product": "CALLING", "total": 10, "assigned": 12, "used": 1, "day": None}]
    low = [{"product": "CALLING", "total": 10, "assigned": 1, "used": 1, "day": None}]
    usual = [{"product": "CALLING", "total": 10, "assigned": 9, "used": 1, "day": None}]
    old = {"added_at": now - 60 * DAY, "starts_at": now - 60 * DAY}
    held = [
        (f"O-{n}", [subscription(f"S-{n}", licenses=usual, auto_renew=n % 2 == 0, ends_at=now + n * DAY, **old)])
        for n in range(1, 10)
    ]
    held += [("L", [subscription("LOW", licenses=low, **old)]), ("U", [subscription("OVER", licenses=over)])]
    api.store(lambda scope: add_customers(scope, held))
    name = "".join(part.capitalize() for part in report.split("_"))
    field = f"{name[0].lower()}{name[1:]}"
    arguments = "(days: 40)" if report in {"RECENTLY_ADDED", "EXPIRING", "RENEWING"} else ""
    query = f"{{ licenseAnalytics(product: CALLING) {{ {field}{arguments} {{ entitlements {{ nodes {{ number assigned }} }} }} }} }}"  # noqa: E501
    table = api.execute_data(token, query)["licenseAnalytics"][field]["entitlements"]["nodes"]
    given = {"report": report, "product": "CALLING", "days": 40, "format": "NDJSON"}
    rows = lines(exported(api, token, "exportLicenseReport", **given))
    assert table and [{"number": row["number"], "assigned": row["assigned"]} for row in rows] == table
    assert rows[0]["customerName"] == f"Customer {rows[0]['customerExternalId']}"
    assert len(rows[0]) == 17


def test_the_activity_is_the_log(api: ApiHarness, token: str) -> None:
    api.store(lambda scope: add_customer(scope, "ORG-1", subscription("S-1")))
    send_mutation(api, token, "createTag", "tag { id }", name="Gold")
    send_mutation(api, token, "exportActivity", ADDRESS)
    query = "{ activity { nodes { at kind summary changes { field before after } } } }"
    listed = api.execute_data(token, query)["activity"]["nodes"]
    rows = lines(exported(api, token, "exportActivity", format="NDJSON"))
    # Between the two, the export was asked for and used.
    assert [{name: row[name] for name in listed[0]} for row in rows[2:]] == listed
    assert [(row["kind"], row["actor"] is None) for row in rows[:2]] == [("EXPORTED", True), ("EXPORTED", False)]
    assert rows[0]["summary"].startswith("The activity as NDJSON left by the address that ")
    assert rows[1]["summary"] == "An export of the activity as NDJSON was asked for"
    since = {"kind": ["TAG_CREATED"], "since": "2020-01-01T00:00:00Z"}
    (row,) = lines(exported(api, token, "exportActivity", filter=since, format="NDJSON"))
    assert (row["kind"], row["actorEmail"] is None, row["customerName"]) == ("TAG_CREATED", False, None)


def test_an_address_works_once_for_five_minutes(api: ApiHarness, token: str) -> None:
    add_many(api, 1)
    url = address(api, token, "exportCustomers")
    assert api.http.head(url).status_code == 200
    assert [api.http.get(url).status_code for _ in range(2)] == [200, 410]
    assert api.http.head(url).status_code == 410
    late = address(api, token, "exportCustomers")
    change(api, "exports", {"expires_at": utc_now()}, used_at=None)
    page = api.http.get(late)
    assert page.status_code == 410 and page.headers["content-type"] == "text/html; charset=utf-8"
    for forged in (f"{url[:-4]}AAAA", f"{url}/x", "/export/", "/export/%00"):
        assert api.http.get(forged).status_code == 404
    assert api.http.post(url).status_code == 405
    kinds = [(event["kind"], event["actor_id"] is None) for event in stored_events(api) if event["kind"] == "EXPORTED"]
    assert kinds == [("EXPORTED", False), ("EXPORTED", True), ("EXPORTED", False)]


@pytest.mark.parametrize("lost", [{"state": "DEACTIVATED"}, {"role": "HELPDESK_ADMINISTRATOR"}])
def test_who_may_no_longer_read_gets_nothing(api: ApiHarness, lost: dict[str, Any]) -> None:
    accept_terms(api)
    add_many(api, 1)
    identity = api.add_administrator(FULL)
    url = address(api, api.token(identity), "exportLicenseReport", report="EXPIRING", product="MEETINGS")
    change(api, "administrators", lost, _id=identity)
    assert api.http.get(url).status_code == 410
    change(api, "administrators", {"state": "ACTIVE", "role": FULL}, _id=identity)
    assert api.http.get(url).status_code == 200


def test_an_administrator_exports_only_the_customers_assigned_when_the_file_is_read(api: ApiHarness) -> None:
    accept_terms(api)
    identity = api.add_administrator(FULL)
    add_many(api, 2)
    api.store(lambda scope: add_customer(scope, "MINE", subscription("S"), assignments=[assignment(identity)]))
    foreign = api.store(lambda scope: add_customer(scope, "FOREIGN"), api.other)
    token = api.token(identity)
    exports: dict[str, dict[str, Any]] = {
        "exportCustomers": {"columns": ["EXTERNAL_ID"]},
        "exportLicenseReport": {"report": "RECENTLY_ADDED", "product": "MEETINGS"},
        "exportActivity": {"filter": {"kind": ["CUSTOMER_ADDED"]}},
    }
    urls = [address(api, token, field, format="NDJSON", **given) for field, given in exports.items()]
    change(api, "administrators", {"role": ADMINISTRATOR}, _id=identity)
    for url in urls:
        rows = lines(api.http.get(url))
        assert [row.get("externalId", row.get("customerExternalId")) for row in rows] == ["MINE"]
    assert foreign


def test_mistakes_are_told_and_nothing_is_exported(api: ApiHarness, token: str) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("exportCustomers", {"filter": {"expiresWithinDays": 0}}, "filter"),
        ("exportCustomers", {"filter": {"tag": ["x"] * 501}}, "filter"),
        ("exportLicenseReport", {"report": "EXPIRING", "product": "CALLING", "days": 366}, "days"),
        ("exportLicenseReport", {"report": "EXPIRING", "product": "CALLING", "days": 0}, "days"),
        ("exportActivity", {"filter": {"actor": [str(n) for n in range(101)]}}, "filter"),
    ]
    for field, given, path in cases:
        payload = send_mutation(api, token, field, ADDRESS, **given)
        assert user_error_codes(payload) == [("INVALID", ["input", path])]
        assert (payload["url"], payload["expiresAt"]) == (None, None)
    long = send_mutation(api, token, "exportCustomers", ADDRESS, filter={"tag": ["x" * 150] * 300})
    assert user_error_codes(long) == [("TOO_LONG", ["input", "filter"])]
    assert stored_events(api) == []
    helpdesk = token_of(api, "HELPDESK_ADMINISTRATOR")
    query = "mutation { exportCustomers(input: {filter: {kpi: {kind: OVER_LICENSE_LIMIT}}}) { url } }"
    assert api.execute(helpdesk, query)["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_rows_that_cost_more_than_usual_are_read_in_smaller_pages(api: ApiHarness, token: str) -> None:
    """200 customers with 50 tags each cost more than one operation may."""
    tags = [send_mutation(api, token, "createTag", "tag { id }", name=f"T{n:02}")["tag"]["id"] for n in range(50)]
    add_many(api, 230)
    chosen: dict[str, Any] = {"matching": {}}
    send_mutation(api, token, "assignTags", "changed", customers=chosen, tags=tags)
    rows = lines(exported(api, token, "exportCustomers", format="NDJSON"))
    assert len({row["externalId"] for row in rows}) == 230
    assert all(row["tags"] == [f"T{n:02}" for n in range(50)] for row in rows)
