"""What an operator says about the OIDC issuers whose tokens are accepted (PARTNERHUB_TOKEN_ISSUERS)."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
import orjson
from msgspec import Meta, Struct, structs

from domain.failures import OperatorError
from domain.partner.ids import is_partner_id
from server.auth.claims import API_SCOPE, IMPORT_ADMINISTRATORS_SCOPE, IMPORT_SCOPE
from server.operator_input import Checks, read_fields

VARIABLE: Final = "PARTNERHUB_TOKEN_ISSUERS"
_EXAMPLE: Final = '[{"issuer": "https://login.example.com/", "audience": "https://hub.example.com"}]'


def check_address(text: str) -> str:
    """Return the address of a key set; raise ValueError where keys could be changed on their way."""
    parts = urlsplit(text)
    if not parts.hostname or parts.fragment or parts.username or any(map(str.isspace, text)):
        raise ValueError("must be an address such as https://login.example.com/realms/partners")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError("must be https: with http, anybody on the way could replace the keys")
    return text


def _check_issuer(text: str) -> None:
    """Raise ValueError for what is no address of an issuer; it has no query: its description is found below it."""
    if "?" in text:
        raise ValueError("must be an address without a query")
    check_address(text)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_partner_id(text: str) -> None:
    """Raise ValueError for a text that has not the form of a partner's id."""
    if not is_partner_id(text):
        raise ValueError("must be a partner's id: 1 to 40 characters of a–z, 0–9 and the hyphen")


def _check_partner_ids(texts: Iterable[str]) -> None:
    for text in texts:
        check_partner_id(text)


_CHECKS: Final[Checks] = {
    "issuer": _check_issuer,
    "jwks_url": check_address,
    "partner": check_partner_id,
    "partners": _check_partner_ids,
}
Name = Annotated[str, Meta(min_length=1, max_length=200)]
# A claim's name, or the names on the way to a claim inside of others: ["realm_access", "roles"].
ClaimPath = Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=5)]
# The scope `metrics` must be named: metrics are of the whole server, and an issuer is often one partner's.
_OWN_SCOPES: Final = {name: name for name in (API_SCOPE, IMPORT_SCOPE, IMPORT_ADMINISTRATORS_SCOPE)}


class IssuerSettings(Struct, frozen=True, kw_only=True):
    """One issuer: its address, the audience of its tokens, and how their claims are read."""

    issuer: str
    audience: Name | Annotated[tuple[Name, ...], Meta(min_length=1)]
    jwks_url: str | None = None
    algorithms: Annotated[tuple[Literal["RS256", "ES256", "EdDSA"], ...], Meta(min_length=1)] = (
        "RS256",
        "ES256",
        "EdDSA",
    )
    # Either every token of the issuer is of this partner, or a claim names the partner, perhaps one of a list.
    partner: str | None = None
    partners: Annotated[frozenset[str], Meta(min_length=1)] | None = None
    partner_claim: ClaimPath = "partner"
    email_claim: ClaimPath = "email"
    # The id of the administrator here, instead of the e-mail address.
    administrator_claim: ClaimPath | None = None
    scope_claim: ClaimPath = "scope"
    # Which scope here a scope or role of the issuer means.
    scopes: Mapping[Name, Literal["api", "import", "import:administrators", "metrics"]] = msgspec.field(
        default_factory=lambda: _OWN_SCOPES
    )

    @property
    def audiences(self) -> frozenset[str]:
        """The accepted values of `aud`."""
        return frozenset({self.audience} if isinstance(self.audience, str) else self.audience)

    @property
    def accepted_algorithms(self) -> frozenset[str]:
        """The accepted values of `alg`: EdDSA has a second name."""
        return frozenset({*self.algorithms, *({"Ed25519"} if "EdDSA" in self.algorithms else ())})


def read_issuers(text: str) -> Sequence[IssuerSettings]:
    """Return the issuers of the setting: JSON, or the path of a JSON file. Raise OperatorError with what is wrong."""
    if not text.strip():
        return ()
    entries = _read_json(text)
    if not isinstance(entries, list):
        raise OperatorError(f"{VARIABLE} must be a JSON array of issuers, such as {_EXAMPLE}.")
    problems: list[str] = []
    issuers: list[IssuerSettings] = []
    for number, entry in enumerate(entries, 1):
        read, mistakes = _read_issuer(entry)
        problems += [f"issuer {number}: {mistake}" for mistake in mistakes]
        issuers += [] if mistakes else [IssuerSettings(**read)]
    names = [issuer.issuer for issuer in issuers]
    problems += [f"{name} is named more than once" for name in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise OperatorError(f"{VARIABLE}: {'; '.join(problems)}.")
    return issuers


def _read_json(text: str) -> Any:
    is_json = text.lstrip().startswith(("[", "{"))
    try:
        return orjson.loads(text if is_json else Path(text).read_bytes())
    except OSError as error:
        raise OperatorError(f"{VARIABLE}: {text} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        where = "" if is_json else f"{text}: "
        raise OperatorError(f"{VARIABLE}: {where}this is not JSON ({error}). An example: {_EXAMPLE}.") from None


def _read_issuer(entry: object) -> tuple[dict[str, Any], list[str]]:
    """Return the settings of an entry and its mistakes, as sentences without their subject, the issuer."""
    if not isinstance(entry, dict):
        return {}, ["is no JSON object"]
    read, mistakes = read_fields(IssuerSettings, entry, _CHECKS)
    known = IssuerSettings.__struct_fields__
    problems = [
        f"{field.name} is missing"
        for field in structs.fields(IssuerSettings)
        if field.required and field.name not in entry
    ]
    problems += [f"{name} {description}" for name, description in mistakes]
    problems += [
        f"{name} is no setting of an issuer; these are: {', '.join(known)}" for name in entry if name not in known
    ]
    if entry.get("partner") is not None and entry.get("partners") is not None:
        problems.append("has both partner and partners: name one of them")
    return read, problems
