"""The API's spelling of the names that the code uses: `external_id` is `externalId`."""

from domain.user_errors import InputPath


def api_name(name: str) -> str:
    """Return the attribute's name in the API's spelling."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def api_path(path: InputPath) -> list[str]:
    """Return the path from the argument `input` inwards, positions as strings: `["input", "licenses", "0"]`."""
    return ["input", *(api_name(str(step)) for step in path.steps)]
