"""An address from outside opens a page of the web, and nothing else."""

import pytest

from domain.failures import InvalidRecord
from domain.imports.records import RECORD_FIELDS, ImportKind
from domain.partner.terms import parse_terms
from domain.text.web_addresses import is_web_address

# By kind of the record: its fields that a page shows as links. A new one must be added here.
LINKS = {(ImportKind.INVOICES, "documentUrl"), (ImportKind.RESOURCES, "url")}
REFUSED = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "java\u200bscript:alert(1)",
    "\uff4aavascript:alert(1)",
    "javascript://example.com/%0Aalert(1)",
    "javascript&colon;alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "//a.example/x",
    "/x",
    "a.example",
    "https:",
    "https://",
    "https:///a.example",
    "https:a.example",
    "https:\\\\a.example",
    "https://a.example\\@evil.example",
    "https://a.example@evil.example/",
    "https://user:secret@a.example/",
    "https://a.example:99999/",
    "https://a.example:x/",
    "http://[a",
    "https://a.example/\u202ex",
    "ht\ntps://a.example",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_refuses_what_is_no_page_of_the_web(address: str) -> None:
    assert not is_web_address(address)
    fields = [field for kind, name in LINKS for field in RECORD_FIELDS[kind] if field.name == name]
    for field in fields:
        with pytest.raises(InvalidRecord):
            field.parse(field.name, address)
    if address and "\n" not in address:
        with pytest.raises(ValueError, match="url"):
            parse_terms(f"version: 1\nurl: {address.strip()}\n\nText")


@pytest.mark.parametrize(
    "address", ["https://a.example", "HTTP://A.example:8080/x?y#z", "https://[::1]/x", "https://bücher.example/ä"]
)
def test_accepts_a_page(address: str) -> None:
    assert is_web_address(address)


def test_the_table_names_every_field_with_an_address() -> None:
    named = {(kind, field.name) for kind in ImportKind for field in RECORD_FIELDS[kind] if "url" in field.name.lower()}
    assert named == LINKS
