"""Parsers of a resource's web address and products."""

from domain.failures import InvalidRecord
from domain.imports.fields import check_distinct, text, wrong_type_error
from domain.imports.license_fields import identify_line, product_text
from domain.text.web_addresses import is_web_address

_text = text(2_000)
_MAX_PRODUCTS = 100


def web_address(name: str, value: object) -> str:
    """Return an http or https address with a host, which a browser can open as a page."""
    address = str(_text(name, value))
    if not is_web_address(address):
        raise InvalidRecord(name, "must be an address that begins with http:// or https://")
    return address


def products(name: str, value: object) -> list[str]:
    """Return distinct products; an unknown one is OTHER; an empty list stands for all products."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    if len(value) > _MAX_PRODUCTS:
        raise InvalidRecord(name, f"has {len(value)} entries; at most {_MAX_PRODUCTS} fit")
    items = [str(product_text(f"{name}[{position}]", item)) for position, item in enumerate(value)]
    check_distinct(name, items)
    return list(dict.fromkeys(identify_line(item, None)[0] for item in items))
