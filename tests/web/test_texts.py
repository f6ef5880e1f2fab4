"""The catalogues of the dashboard: each language has the same texts, with the same values in them."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.web.conftest import WEB

TEXTS = Path(WEB, "dashboard", "src", "texts")
_PLURAL = re.compile(r"_(one|few|many|other)$")


def _texts(values: dict[str, Any], path: str = "") -> dict[str, set[str]]:
    """Returns the names in double braces of each text; the forms of a plural count as one."""
    found: dict[str, set[str]] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _texts(value, f"{path}{name}.")
        else:
            found.setdefault(_PLURAL.sub("", path + name), set()).update(re.findall(r"{{(\w+)}}", value))
    return found


@pytest.mark.parametrize("catalogue", ["", "pages."])
def test_both_languages_have_the_same_texts(catalogue: str) -> None:
    english, serbian = (
        _texts(orjson.loads((TEXTS / f"{catalogue}{language}.json").read_bytes())) for language in ("en", "sr-Latn")
    )
    assert serbian == english
