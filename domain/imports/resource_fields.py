"""The parsers of a delivered resource's own fields: its address on the web, and the products that it is about."""

from urllib.parse import urlsplit

from domain.failures import InvalidRecord
from domain.imports.fields import one_of, text, wrong_type_error
from domain.types import Product

_product = one_of(Product)
_text = text(2_000)


def web_address(name: str, value: object) -> str:
    """An address that a browser opens as a page: http or https, with a host."""
    address = str(_text(name, value))
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, address)):
        raise InvalidRecord(name, "must be an address that begins with http:// or https://")
    return address


def products(name: str, value: object) -> list[str]:
    """Products, each once; none where it is about all of them."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    found = [str(_product(f"{name}[{place}]", item)) for place, item in enumerate(value)]
    if len(set(found)) < len(found):
        twice = next(item for item in found if found.count(item) > 1)
        raise InvalidRecord(name, f"names {twice} twice")
    return found
