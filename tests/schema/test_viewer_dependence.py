"""Which fields of feeds depend on the administrator, not only on role and visibility: each of them declares it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from schema.build import build_schema
from schema.fields import is_viewer_dependent

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema()._schema
# Every module for reading that reads the viewer's administrator, with the types of the objects that depend on it.
# A new module fails the first test: add it here, and declare the fields that return its objects.
DEPENDENT_TYPES: dict[str, set[str]] = {
    "store/organization/views.py": {"CustomerView"},
    "store/organization/helpdesk.py": {"HelpdeskRequest"},
    "store/integrations/alerts.py": {"Alert", "AlertRule"},
    # Only viewers whose assignments limit them: contexts and groups are theirs alone anyway.
    "resolvers/feeds.py": set(),
    "store/database/scope.py": set(),
    "store/counts/customer_index.py": set(),
    "store/events/activity_queries.py": set(),
    "store/tags/bulk_jobs.py": set(),
    # Mutations, which no subscription executes.
    "store/changes/idempotency.py": set(),
    "store/changes/mutations.py": set(),
}
READERS = [path for folder in ("resolvers", "loaders", "schema", "store") for path in (ROOT / folder).rglob("*.py")]


# The object that is read, and its attribute.
READINGS = {
    ("viewer", "administrator"),
    ("scope", "administrator_id"),
    ("_scope", "administrator_id"),
    ("self", "administrator_id"),
}


def _reads_administrator(path: Path) -> bool:
    """Return whether the module reads `viewer.administrator`, or `administrator_id` of a scope."""
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and (_name(node.value), node.attr) in READINGS
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_module_that_reads_the_administrator_is_known() -> None:
    modules = {str(path.relative_to(ROOT)) for path in READERS if _reads_administrator(path)}
    assert modules == set(DEPENDENT_TYPES)


def _object_types(field: GraphQLField) -> list[GraphQLObjectType]:
    """Return the object types that the field may return."""
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        return list(SCHEMA.get_possible_types(kind))
    return [kind] if isinstance(kind, GraphQLObjectType) else []


def _feed_fields() -> Iterator[tuple[str, GraphQLField]]:
    """Yield every field that a subscription's selection set can reach without passing a viewer-dependent one."""
    assert SCHEMA.subscription_type is not None
    waiting, seen = [SCHEMA.subscription_type], {"Subscription"}
    while waiting:
        parent = waiting.pop()
        for name, field in parent.fields.items():
            yield f"{parent.name}.{name}", field
            reached = [] if is_viewer_dependent(field) else _object_types(field)
            waiting += [kind for kind in reached if kind.name not in seen]
            seen.update(kind.name for kind in reached)


FEED_FIELDS = dict(_feed_fields())


def test_the_walk_reaches_the_fields_of_payloads() -> None:
    assert {"ActivityEvent.subject", "Customer.name", "Tag.customerCount", "PartnerKpis.totalCustomers"} <= set(
        FEED_FIELDS
    )


@pytest.mark.parametrize("name", sorted(name for name, field in FEED_FIELDS.items() if _object_types(field)))
def test_a_field_of_a_feed_that_depends_on_the_administrator_declares_it(name: str) -> None:
    dependent = set().union(*DEPENDENT_TYPES.values())
    if dependent & {kind.name for kind in _object_types(FEED_FIELDS[name])}:
        assert is_viewer_dependent(FEED_FIELDS[name])
