"""Where the built pages of web/ are; a server without Node, or before `make setup`, has none."""

from pathlib import Path
from typing import Final

WEB_DIST: Final = Path(__file__).parents[2] / "web" / "dist"


def built_manifests(dist: Path = WEB_DIST) -> list[Path]:
    """Return the manifests of the built pages: the documents that the dashboard and the widgets send by their ids."""
    return sorted(dist.glob("*/persisted-documents.json"))
