"""Texts that the commands print: names of files and imported values may control a terminal."""


def printable(text: str | None) -> str:
    """Replace control characters, line breaks included; return a hyphen for None."""
    if text is None:
        return "-"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
