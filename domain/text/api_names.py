"""The API's spelling of the names that the code uses: `external_id` is `externalId`."""

from collections.abc import Iterable

from domain.user_errors import InputPath


def api_name(name: str) -> str:
    """Return the attribute's name in the API's spelling."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def api_path(path: InputPath) -> list[str]:
    """Return the path from the argument `input` inwards, positions as strings: `["input", "licenses", "0"]`."""
    return ["input", *api_steps(path.steps)]


def api_steps(steps: Iterable[str | int]) -> list[str]:
    """Return the steps of a path in the API's spelling, positions as strings."""
    return [api_name(str(step)) for step in steps]
