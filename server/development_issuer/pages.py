"""The pages of the development sign-in: the choice of an administrator, and what is wrong with a request."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse

from domain.permissions import ROLE_DESCRIPTIONS
from domain.types import PartnerRole
from server.development_issuer.authorization_requests import AuthorizationRequest
from server.http.html_pages import render_html_page
from store.tenants.administrators import AdministratorDocument

_STYLE: Final = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
_NEW_LINE: Final = "\n"
_BRAND: Final = '<p class="brand"><span class="mark" aria-hidden="true"></span>partnerhub</p>'
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()


def choice_page(
    request: AuthorizationRequest, partner_name: str, administrators: Sequence[AdministratorDocument]
) -> HTMLResponse:
    """Return the page on which the user chooses an administrator; its form sends the request's parameters again."""
    fields = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in request.parameters
        if name != "administrator"
    )
    by_role = {role: [each for each in administrators if each.role is role] for role in PartnerRole}
    sections = [_role_section(role, each, request.get("login_hint")) for role, each in by_role.items() if each]
    body = f"""\
<main>
{_BRAND}
<h1>Sign in to {escape(partner_name)}</h1>
<p class="lead">Choose an administrator. This is a development sign-in: it asks for no password and serves this machine
only.</p>
<form method="post">
{fields}
{_NEW_LINE.join(sections) or "<p>There is no such partner, or it has no administrators.</p>"}
<p class="end"><button class="cancel" name="administrator" value="">Cancel</button>
<span>Continues to {escape(request.redirect_origin)}</span></p>
</form>
</main>"""
    return _page(200, f"Sign in to {escape(partner_name)} – partnerhub", body, request.redirect_origin)


def _role_section(role: PartnerRole, administrators: Sequence[AdministratorDocument], login_hint: str) -> str:
    buttons = "\n".join(f"<li>{_button(each, login_hint)}</li>" for each in administrators)
    title = role.replace("_", " ").capitalize().replace("Read only", "Read-only")
    return f"""\
<section aria-labelledby="{role}">
<h2 id="{role}">{title}</h2>
<p>{escape(ROLE_DESCRIPTIONS[role])}</p>
<ul>
{buttons}
</ul>
</section>"""


def _button(administrator: AdministratorDocument, login_hint: str) -> str:
    hinted = " autofocus" if login_hint and administrator.email.casefold() == login_hint.casefold() else ""
    name = administrator.display_name
    initials = "".join(word[0] for word in [*name.split()[:1], *name.split()[1:][-1:]]).upper()
    return (
        f'<button name="administrator" value="{escape(administrator.id)}"{hinted}>'
        f'<span class="initials" aria-hidden="true">{escape(initials)}</span>'
        f'<span class="person"><span class="name">{escape(name)}</span> '
        f'<span class="email">{escape(administrator.email)}</span></span></button>'
    )


def problem_page(status: int, problem: str) -> HTMLResponse:
    """Return a page that states why nobody can sign in."""
    body = f'<main>\n{_BRAND}\n<h1>Sign-in failed</h1>\n<p class="lead">{escape(problem)}</p>\n</main>'
    return _page(status, "Sign-in failed – partnerhub", body)


def _page(status: int, title: str, body: str, form_target: str = "") -> HTMLResponse:
    # Browsers apply form-action to the redirect that answers the form, too.
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        f"form-action 'self' {form_target}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        # With no-referrer, the browser would send the form with the origin null.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(render_html_page(title, _STYLE, body), status, headers)
