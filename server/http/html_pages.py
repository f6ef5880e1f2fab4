"""The HTML pages that the server renders itself: their frame, and the pages of addresses with a signed token."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

from starlette.responses import HTMLResponse, Response

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
_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
# The address is a credential until it is used: it must not be cached, nor sent to other pages as a referrer.
ADDRESS_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


def render_html_page(title: str, style: str, body: str) -> str:
    """Return a page; the caller escapes what the texts contain."""
    return _FRAME.format(title=title, style=style, body=body)


def message_page(status: int, title: str, sentence: str) -> Response:
    """Return a page for people that runs nothing."""
    page = render_html_page(title, _STYLE, f"<h1>{title}</h1>\n<p>{sentence}</p>")
    return HTMLResponse(page, status, ADDRESS_HEADERS)


def failure_page(code: str, again: str, otherwise: str | None = None) -> Response:
    """Return the page for the code of a failure: 503 where trying again helps, else 500 with its own advice, if any."""
    if code in {"UNAVAILABLE", "TIMEOUT"}:
        return message_page(503, "This does not work at the moment", again)
    return message_page(500, "Something went wrong on our side", otherwise or again)


def form_page(title: str, sentence: str, button: str) -> Response:
    """Return a page with a button that posts to its own address."""
    form = f'<form method="post"><button>{button}</button></form>'
    page = render_html_page(title, _STYLE, f"<h1>{title}</h1>\n<p>{sentence}</p>\n{form}")
    policy = ADDRESS_HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
    # With no-referrer, the browser would send the form with the origin null.
    headers = {**ADDRESS_HEADERS, "Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
    return HTMLResponse(page, headers=headers)
