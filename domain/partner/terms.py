"""The terms of service that an organization accepts, and the file that they are read from."""

from msgspec import Struct

from domain.text.web_addresses import is_web_address

MAX_VERSION_LENGTH = 100
MAX_TEXT_LENGTH = 200_000
_FIELDS = {"version", "url"}


class Terms(Struct, frozen=True):
    """One version of the terms; `text` is Markdown."""

    version: str
    url: str | None
    text: str


DEFAULT_TERMS = Terms(
    "2026-10",
    None,
    "# Terms of service\n\nThe operator of this installation has not published its terms. Ask the operator for them.\n",
)


def parse_terms(source: str) -> Terms:
    """Return the terms of a file: lines `version:` and `url:` (optional), a blank line, and the text in Markdown.

    Raise ValueError, which says what is wrong.
    """
    head, _, text = source.replace("\r\n", "\n").lstrip("\ufeff").partition("\n\n")
    fields = dict(_parse_field(line) for line in head.splitlines())
    version, url = fields.get("version", ""), fields.get("url") or None
    if not 1 <= len(version) <= MAX_VERSION_LENGTH:
        raise ValueError(f"the first lines need `version: …`, 1–{MAX_VERSION_LENGTH} characters")
    if url is not None and not is_web_address(url):
        raise ValueError("`url: …` must be an address that begins with https:// or http://")
    if not 1 <= len(text.strip()) <= MAX_TEXT_LENGTH:
        raise ValueError(f"a text of 1–{MAX_TEXT_LENGTH:,} characters must follow after a blank line")
    return Terms(version, url, text.strip() + "\n")


def _parse_field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    if name.strip() not in _FIELDS:
        raise ValueError(f"the line {line[:60]!r} is neither `version: …` nor `url: …`")
    return name.strip(), value.strip()
