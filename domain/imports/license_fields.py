"""The licence list of a delivered line: one entry a product, with the figures that were given for it."""

from domain.failures import InvalidRecord
from domain.imports.fields import licenses_count, one_of, wrong_type_error
from domain.types import Product

FIGURES = ("total", "assigned", "used")
Figures = dict[str, int]
product = one_of(Product)


def check_used_within_assigned(name: str, used: int, assigned: int) -> None:
    """Refuses more users in a week than licences are assigned."""
    if used > assigned:
        raise InvalidRecord(name, f"is {used}, more than the {assigned} assigned")


def _entry(name: str, value: object) -> tuple[str, Figures]:
    if type(value) is not dict:
        raise wrong_type_error(name, "an object", value)
    for field in ("product", "total"):
        if field not in value:
            raise InvalidRecord(f"{name}.{field}", "is missing")
    figures = {"total": licenses_count(f"{name}.total", value["total"])}
    for field in ("assigned", "used"):
        if field in value:
            given = value[field]
            figures[field] = 0 if given is None else licenses_count(f"{name}.{field}", given)
    if "assigned" in figures and "used" in figures:
        check_used_within_assigned(f"{name}.used", figures["used"], figures["assigned"])
    return product(f"{name}.product", value["product"]), figures


def licenses(name: str, value: object) -> dict[str, Figures]:
    """Figures by product, only those that were delivered; null stands for 0."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    found: dict[str, Figures] = {}
    for place, item in enumerate(value):
        held, figures = _entry(f"{name}[{place}]", item)
        if held in found:
            raise InvalidRecord(f"{name}[{place}].product", f"is {held}, which stands in the list twice")
        found[held] = figures
    return found
