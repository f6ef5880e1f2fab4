"""schema.graphql is what the code says, and reads as the access list."""

from pathlib import Path

from graphql import GraphQLObjectType
from graphql import build_schema as from_sdl

from schema.build import build_schema, print_sdl

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_exported_schema_is_up_to_date() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == print_sdl(), "Run: make schema"


def test_the_exported_schema_is_valid_and_whole() -> None:
    exported, served = from_sdl(print_sdl()), build_schema()._schema
    named = {name for name in served.type_map if not name.startswith("__")}
    assert named - set(exported.type_map) <= {"Int", "Float", "String", "Boolean", "ID"}


def test_fields_print_the_permission_that_they_ask_for() -> None:
    lines = [line for line in print_sdl().splitlines() if "@requiresPermission(permission: READ_CUSTOMERS)" in line]
    assert {line.split("(")[0].strip() for line in lines} >= {"customers", "customer"}


def test_every_mutation_has_an_input_and_a_nullable_payload_of_its_own_name() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        capitalized = f"{name[0].upper()}{name[1:]}"
        assert isinstance(field.type, GraphQLObjectType) and field.type.name == f"{capitalized}Payload", name
        assert {key: str(value.type) for key, value in field.args.items()} == {"input": f"{capitalized}Input!"}, name
