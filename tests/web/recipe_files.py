"""The files that pages of docs/ print, written as they are printed."""

import json
import re
from pathlib import Path

from tests.web.conftest import WEB

PAGE = WEB.parent / "docs" / "for-spa-developers.md"
CLIENT_PAGE = WEB / "client" / "README.md"
PRINTED_ADDRESS = "http://127.0.0.1:8000"


def read_recipe_files(page: Path = PAGE) -> dict[str, str]:
    """Return the text of each printed file by its name, which stands behind the language of its block."""
    blocks = re.findall(
        r"^```\w+ ([\w./-]+\.\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return dict(blocks)


def write_recipe_files(folder: Path, address: str) -> None:
    """Write the files below the folder; the printed address becomes that of the test's server."""
    for name, text in (read_recipe_files() | read_recipe_files(CLIENT_PAGE)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(PRINTED_ADDRESS, address), encoding="utf-8")
    relay = json.loads((folder / "relay.config.json").read_text(encoding="utf-8"))
    # Otherwise the compiler adds what it writes to the index of this repository.
    (folder / "relay.config.json").write_text(json.dumps({**relay, "noSourceControl": True}), encoding="utf-8")
    schema = WEB.parent / "schema.graphql"
    (folder / "schema.graphql").write_text(schema.read_text(encoding="utf-8"), encoding="utf-8")
