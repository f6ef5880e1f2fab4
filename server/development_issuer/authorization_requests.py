"""Authorization requests (RFC 6749, RFC 7636): validated by plain functions, without I/O."""

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
# The characters of a URI, except `#`, which separates a fragment: a redirect address must not have one.
_REDIRECT_URI = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]!$&'()*+,;=%-]{1,1000}")
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_TEXT = 2000


class InvalidRequest(Exception):
    """The request cannot be answered with a redirect, because its client or its redirect address is not accepted."""


class RedirectedError(Exception):
    """The request is refused with an error code that its client receives."""

    def __init__(self, request: "AuthorizationRequest", code: str, description: str) -> None:
        super().__init__(description)
        self.location = request.location(error=code, error_description=description)


class AuthorizationRequest(Struct, frozen=True):
    """An authorization request; `parameters` are all that were sent, for the form that sends them again."""

    client_id: str
    redirect_uri: str
    parameters: Sequence[tuple[str, str]]

    def get(self, name: str) -> str:
        """Return a parameter; empty where it was not sent."""
        return dict(self.parameters).get(name, "")

    @property
    def redirect_origin(self) -> str:
        """Return the origin to which the answer goes."""
        return origin_of_uri(self.redirect_uri)

    @property
    def has_openid(self) -> bool:
        """Return whether the client asked for an id token."""
        return "openid" in self.get("scope").split()

    def location(self, **answer: str) -> str:
        """Return the redirect address with the answer and the client's state."""
        return add_parameters(self.redirect_uri, {**answer, "state": self.get("state")})


def add_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """Return the address with the parameters that are not empty."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{uri}{'&' if '?' in uri else '?'}{query}" if query else uri


def parse_authorization_request(pairs: Sequence[tuple[str, str]], origins: Collection[str]) -> AuthorizationRequest:
    """Return the request; raise InvalidRequest or RedirectedError."""
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise InvalidRequest("A parameter was sent twice.")
    if any(len(text) > _MAX_TEXT for text in parameters.values()):
        raise InvalidRequest(f"A parameter has more than {_MAX_TEXT} characters.")
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if not _CLIENT_ID.fullmatch(client_id):
        raise InvalidRequest("client_id is missing or has other characters than the visible ones of ASCII.")
    if not is_accepted_redirect(redirect_uri, origins):
        raise InvalidRequest(
            "redirect_uri is missing, or is not an address of this server or of an origin in "
            "PARTNERHUB_ALLOWED_ORIGINS."
        )
    request = AuthorizationRequest(client_id, redirect_uri, pairs)
    _check_parameters(request)
    return request


def is_accepted_redirect(uri: str, origins: Collection[str]) -> bool:
    """Return whether the address is well formed and has one of the origins."""
    return _REDIRECT_URI.fullmatch(uri) is not None and origin_of_uri(uri) in origins


def origin_of_uri(uri: str) -> str:
    """Return the origin of an address: a user name, as in `http://127.0.0.1@evil.example`, stays part of it."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _check_parameters(request: AuthorizationRequest) -> None:
    if request.get("request") or request.get("request_uri"):
        raise RedirectedError(request, "request_not_supported", "Send the parameters in the address.")
    if request.get("response_type") != "code":
        raise RedirectedError(request, "unsupported_response_type", "response_type must be code.")
    if request.get("response_mode") not in {"", "query"}:
        raise RedirectedError(request, "invalid_request", "response_mode must be query.")
    if request.get("code_challenge_method") != "S256" or not _CODE_CHALLENGE.fullmatch(request.get("code_challenge")):
        raise RedirectedError(request, "invalid_request", "PKCE is required: code_challenge with the method S256.")
    if request.get("prompt") == "none":
        raise RedirectedError(request, "login_required", "There are no sessions: the user chooses each time.")
