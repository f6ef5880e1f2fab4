"""schema.graphql is what the code says, and reads as the access list."""

from pathlib import Path

from graphql import GraphQLObjectType, print_ast

from schema.build import build_schema
from tests.exported_schema import exported_schema, printed_schema

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_exported_schema_is_up_to_date() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == printed_schema(), "Run: make schema"


def test_the_exported_schema_is_valid_and_whole() -> None:
    exported, served = exported_schema(), build_schema()._schema
    named = {name for name in served.type_map if not name.startswith("__")}
    assert named - set(exported.type_map) <= {"Int", "Float", "String", "Boolean", "ID"}


def test_fields_print_the_permission_that_they_ask_for() -> None:
    query = exported_schema().query_type
    assert query is not None
    printed = {name: print_ast(field.ast_node) for name, field in query.fields.items() if field.ast_node is not None}
    needing = {name for name, field in printed.items() if "@requiresPermission(permission: READ_CUSTOMERS)" in field}
    assert needing >= {"customers", "customer"}


def test_every_mutation_has_an_input_and_a_nullable_payload_of_its_own_name() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        capitalized = f"{name[0].upper()}{name[1:]}"
        assert isinstance(field.type, GraphQLObjectType) and field.type.name == f"{capitalized}Payload", name
        assert {key: str(value.type) for key, value in field.args.items()} == {"input": f"{capitalized}Input!"}, name
