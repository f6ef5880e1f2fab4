"""schema.graphql is what the code says, and reads as the access list."""

from pathlib import Path

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
