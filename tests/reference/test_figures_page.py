"""docs/figures.md: every figure stands there with a formula, in the words of the schema's own descriptions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from schema.build import build_schema

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "figures.md").read_text()
SCHEMA = build_schema()._schema
ROOTS = ["PartnerKpis", "LicenseAnalytics", "CallingEngagement", "CustomerCallingPoint", "RenewalMonth", "RightSizing"]
# What figures are about; it has figures of its own, which other pages explain.
_EXCLUDED_TYPES = {"Customer", "CustomerConnection", "Money", "PageInfo"}


class Figure(NamedTuple):
    """A row of a table of the page."""

    meaning: str
    formula: str


def sections() -> dict[str, str]:
    """The page's text under the heading of each type."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def figures(section: str) -> dict[str, Figure]:
    """The rows of a section's table."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", section, flags=re.MULTILINE)
    return {name: Figure(meaning, formula) for name, meaning, formula in rows}


def list_figure_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """The object types that hold figures, reached from the roots; connections are looked through."""
    waiting, seen = [name for name in ROOTS if name in schema.type_map], set(_EXCLUDED_TYPES)
    while waiting:
        name = waiting.pop(0)
        found = schema.type_map[name]
        if name in seen or not isinstance(found, GraphQLObjectType):
            continue
        seen.add(name)
        waiting += [get_named_type(field.type).name for field in found.fields.values()]
        if not name.endswith(("Connection", "Edge")):
            yield found


TYPES = {found.name: found for found in list_figure_types(SCHEMA)}


@pytest.mark.parametrize("name", TYPES)
def test_every_figure_has_a_formula(name: str) -> None:
    told = figures(sections()[name])
    assert told.keys() == TYPES[name].fields.keys()
    assert all(figure.formula.strip() for figure in told.values())


@pytest.mark.parametrize("name", TYPES)
def test_the_page_says_what_the_schema_says(name: str) -> None:
    section, found = sections()[name], TYPES[name]
    told = figures(section)
    if found.description:
        assert f'"{one_line(found.description)}"' in one_line(section)
    for field_name, field in found.fields.items():
        if field.description:
            assert f'"{one_line(field.description)}"' in told[field_name].meaning, field_name


def one_line(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())
