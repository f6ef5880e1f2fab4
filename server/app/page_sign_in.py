"""How the pages that this server serves sign in: the settings that they and their content security policy need."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

from server.app.settings import Settings
from server.auth.origins import origin_of

DEVELOPMENT_PATH: Final = "/development-sign-in"


class PageSignIn(Struct, frozen=True):
    """An issuer for the authorization code flow with PKCE; `authority` can be a path on this server."""

    authority: str
    client_id: str
    scope: str
    parameters: Mapping[str, str]
    # Besides the server's own, the origins of the issuer's endpoints, which the page calls.
    origins: tuple[str, ...] = ()

    def for_page(self) -> dict[str, object]:
        """Return what the page gets as JSON."""
        return {
            "authority": self.authority,
            "clientId": self.client_id,
            "scope": self.scope,
            "parameters": dict(self.parameters),
        }


def page_sign_in(settings: Settings) -> PageSignIn | None:
    """Return how pages sign in; None where they have no issuer, and take pasted tokens only."""
    if settings.development_sign_in:
        return PageSignIn(DEVELOPMENT_PATH, "partnerhub", "openid profile email", {})
    if not settings.sign_in_issuer:
        return None
    named = [origin.strip().rstrip("/") for origin in settings.sign_in_origins.split(",")]
    return PageSignIn(
        settings.sign_in_issuer,
        settings.sign_in_client_id,
        settings.sign_in_scope,
        dict(parse_qsl(settings.sign_in_parameters)),
        tuple(dict.fromkeys(origin for origin in (origin_of(settings.sign_in_issuer), *named) if origin)),
    )
