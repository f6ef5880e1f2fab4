"""Tags: nothing creates them yet, so that only their shape stands here."""

from enum import StrEnum

from resolvers.context import Context
from store.customer_facets import CustomerFacets


class TagColor(StrEnum):
    """The colours that a tag may have."""

    GRAY = "GRAY"
    RED = "RED"
    ORANGE = "ORANGE"
    YELLOW = "YELLOW"
    GREEN = "GREEN"
    TEAL = "TEAL"
    BLUE = "BLUE"
    PURPLE = "PURPLE"
    PINK = "PINK"


def counts(_context: Context, _facets: CustomerFacets) -> list[object]:
    """No tag exists yet whose id a customer could carry."""
    return []
