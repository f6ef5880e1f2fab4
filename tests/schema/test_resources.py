"""Lists of resources: their order, their filters, their search, and their pages."""

from typing import Any

import pytest

from domain.imports.records import ImportKind
from tests.api_server import ApiHarness
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_mutations import ROLES, token_of

QUERY = """query($filter: ResourceFilter, $search: String, $first: Int, $after: String) {
  resources(filter: $filter, search: $search, first: $first, after: $after) {
    totalCount nodes { title } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
LINES: tuple[dict[str, Any], ...] = (
    {"title": "Zebra", "kind": "GUIDE", "products": ["CALLING"], "updatedOn": "2026-11-02", "quickLink": True},
    {"title": "Ähre", "kind": "VIDEO", "products": ["MEETINGS", "CALLING"], "updatedOn": "2026-11-02"},
    {"title": "Newest", "kind": "TRAINING", "products": [], "updatedOn": "2026-11-20", "featured": True},
    {"title": "Oldest", "kind": "RELEASE_NOTE", "products": ["MESSAGING"], "updatedOn": "2025-01-01"},
)
SUMMARIES = {"Zebra": "Call queues & größere Töne", "Oldest": "zebra crossing"}


@pytest.fixture
def token(api: ApiHarness) -> str:
    """Four resources, and somebody who reads them."""

    async def fill(scope: Any) -> None:
        lines = [
            {"url": f"https://a.example/{line['title']}", "summary": SUMMARIES.get(line["title"], "About it"), **line}
            for line in LINES
        ]
        assert (await import_lines(scope, ImportKind.RESOURCES, *lines)).summary.added == len(LINES)

    api.store(fill)
    return token_of(api, "READ_ONLY_ADMINISTRATOR")


def titles(api: ApiHarness, token: str, **given: Any) -> list[str]:
    """The titles of a list, whose total must agree."""
    found = api.execute_data(token, QUERY, **given)["resources"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["title"] for one in found["nodes"]]


def test_the_newest_come_first_and_those_of_one_day_by_title(api: ApiHarness, token: str) -> None:
    assert titles(api, token) == ["Newest", "Ähre", "Zebra", "Oldest"]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"kind": ["GUIDE", "VIDEO"]}, ["Ähre", "Zebra"]),
        ({"kind": "VIDEO"}, ["Ähre"]),
        ({"kind": []}, []),
        ({"kind": None, "product": None, "quickLink": None, "featured": None}, ["Newest", "Ähre", "Zebra", "Oldest"]),
        ({"product": ["CALLING"]}, ["Ähre", "Zebra"]),
        ({"product": []}, []),
        ({"product": ["CALLING"], "kind": ["GUIDE"]}, ["Zebra"]),
        ({"quickLink": True}, ["Zebra"]),
        ({"quickLink": False, "featured": False}, ["Ähre", "Oldest"]),
        ({"featured": True}, ["Newest"]),
        ({}, ["Newest", "Ähre", "Zebra", "Oldest"]),
    ],
)
def test_conditions_are_joined_by_and(api: ApiHarness, token: str, filter: Any, expected: list[str]) -> None:
    assert titles(api, token, filter=filter) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("zeb", ["Zebra", "Oldest"]),
        ("ZEBRA cross", ["Oldest"]),
        ("ahre", ["Ähre"]),
        ("grossere tone", ["Zebra"]),
        ("ueues", []),
        ("  ", ["Newest", "Ähre", "Zebra", "Oldest"]),
        ("&", []),
        ("$where .* \x00", []),
        (None, ["Newest", "Ähre", "Zebra", "Oldest"]),
    ],
)
def test_every_word_must_begin_a_word_of_title_or_summary(
    api: ApiHarness, token: str, search: str | None, expected: list[str]
) -> None:
    assert titles(api, token, search=search) == expected


def test_a_search_that_is_too_long_is_refused(api: ApiHarness, token: str) -> None:
    assert api.execute(token, QUERY, search="x" * 101)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_pages_follow_each_other_and_cursors_belong_to_their_list(api: ApiHarness, token: str) -> None:
    seen, after = [], None
    for has_next in (True, True, True, False):
        page = api.execute_data(token, QUERY, first=1, after=after)["resources"]
        seen += [one["title"] for one in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["hasNextPage"] is has_next
        after = page["pageInfo"]["endCursor"]
    assert seen == ["Newest", "Ähre", "Zebra", "Oldest"]
    refused = api.execute(token, QUERY, first=1, after=after, filter={"kind": ["GUIDE"]})
    assert refused["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
    assert api.execute(token, QUERY, first=0)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("role", ROLES)
def test_everybody_of_the_partner_reads_them_and_nobody_else(api: ApiHarness, token: str, role: str) -> None:
    query = "query($id: ID!) { node(id: $id) { ... on Resource { title url kind products updatedOn featured } } }"
    nodes = api.execute_data(token_of(api, role), "{ resources(first: 1) { nodes { id } } }")["resources"]["nodes"]
    found = api.execute_data(token_of(api, role), query, id=nodes[0]["id"])["node"]
    assert found == {
        "title": "Newest",
        "url": "https://a.example/Newest",
        "kind": "TRAINING",
        "products": [],
        "updatedOn": "2026-11-20",
        "featured": True,
    }
    stranger = token_of(api, role, api.other)
    assert titles(api, stranger) == []
    assert api.execute_data(stranger, query, id=nodes[0]["id"])["node"] is None
