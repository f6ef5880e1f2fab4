"""The verifier of the tokens that the settings accept: those of the local issuer and those of OIDC issuers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from structlog import get_logger

from domain.failures import OperatorError
from server.app.settings import Settings
from server.auth.documents import new_http_client
from server.auth.issuer_settings import IssuerSettings, read_issuers
from server.auth.key_cache import KeyCache
from server.auth.keys import InstallationKeys
from server.auth.oidc_issuer import OidcIssuer, fetch_keys
from server.auth.tokens import LocalIssuer, MaxLifetimes
from server.auth.verifier import Issuer, TokenVerifier

_log = get_logger()


def read_token_issuers(settings: Settings) -> Sequence[IssuerSettings]:
    """Return the OIDC issuers of the settings.

    Raise OperatorError where the settings of tokens are wrong or contradict each other.
    """
    if settings.token_seconds > settings.token_max_seconds:
        raise OperatorError(
            f"PARTNERHUB_TOKEN_SECONDS ({settings.token_seconds}) is more than PARTNERHUB_TOKEN_MAX_SECONDS "
            f"({settings.token_max_seconds}): the server would refuse the tokens that are issued here."
        )
    issuers = read_issuers(settings.token_issuers)
    if not issuers and settings.local_tokens == "none":
        raise OperatorError("No token is accepted: name an issuer in PARTNERHUB_TOKEN_ISSUERS.")
    return issuers


@asynccontextmanager
async def open_verifier(settings: Settings, keys: InstallationKeys) -> AsyncIterator[TokenVerifier]:
    """Yield the verifier; the keys of OIDC issuers are fetched until the block ends.

    The block does not wait for these keys: the server starts while an issuer is down.
    """
    lifetimes = MaxLifetimes(
        timedelta(seconds=settings.token_max_seconds), timedelta(seconds=settings.token_service_max_seconds)
    )
    issuers: list[Issuer] = []
    if settings.local_tokens != "none":
        issuers.append(LocalIssuer(keys.public, lifetimes, only_service_tokens=settings.local_tokens == "service"))
        accepted = "all" if settings.local_tokens == "all" else "service tokens only"
        _log.info("tokens of the local issuer are accepted", accepted=accepted, setting="PARTNERHUB_LOCAL_TOKENS")
    async with _open_oidc_issuers(read_token_issuers(settings), lifetimes.people) as external:
        yield TokenVerifier([*issuers, *external])


@asynccontextmanager
async def _open_oidc_issuers(
    issuers: Sequence[IssuerSettings], max_lifetime: timedelta
) -> AsyncIterator[Sequence[OidcIssuer]]:
    if not issuers:
        yield ()
        return
    async with AsyncExitStack() as stack:
        client, opened = await stack.enter_async_context(new_http_client()), []
        for settings in issuers:
            keys = KeyCache(settings.issuer, partial(fetch_keys, client, settings))
            await stack.enter_async_context(_refreshed(keys))
            opened.append(OidcIssuer(settings, keys, max_lifetime))
            _log.info("tokens of an issuer are accepted", issuer=settings.issuer, audiences=sorted(settings.audiences))
        yield opened


@asynccontextmanager
async def _refreshed(keys: KeyCache) -> AsyncIterator[None]:
    task = asyncio.create_task(keys.run(), name="refresh keys")
    # It ends only by being cancelled: an exception is logged by asyncio.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.result())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await keys.stop()
