"""The frame of the HTML pages that the server renders itself."""

from typing import Final

_FRAME: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def render_html_page(title: str, style: str, body: str) -> str:
    """Return a page; the caller escapes what the texts contain."""
    return _FRAME.format(title=title, style=style, body=body)
