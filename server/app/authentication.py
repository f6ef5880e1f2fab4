"""The verifier of the tokens that the settings accept."""

from datetime import timedelta

from structlog import get_logger

from server.app.settings import Settings
from server.auth.keys import InstallationKeys
from server.auth.tokens import LocalIssuer, MaxLifetimes
from server.auth.verifier import Issuer, TokenVerifier

_log = get_logger()


def build_verifier(settings: Settings, keys: InstallationKeys) -> TokenVerifier:
    """Return the verifier; log which tokens of the local issuer, whose keys are given, are accepted."""
    issuers: list[Issuer] = []
    if settings.local_tokens != "none":
        lifetimes = MaxLifetimes(
            timedelta(seconds=settings.token_max_seconds), timedelta(seconds=settings.token_service_max_seconds)
        )
        issuers.append(LocalIssuer(keys.public, lifetimes, only_service_tokens=settings.local_tokens == "service"))
        accepted = "all" if settings.local_tokens == "all" else "service tokens only"
        _log.info("tokens of the local issuer are accepted", accepted=accepted, setting="PARTNERHUB_LOCAL_TOKENS")
    return TokenVerifier(issuers)
