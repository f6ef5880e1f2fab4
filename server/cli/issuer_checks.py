"""`partnerhub check`: whether the settings of the OIDC issuers are right, and their keys can be fetched."""

import asyncio
from collections.abc import Sequence

from domain.failures import OperatorError
from server.app.authentication import read_token_issuers
from server.app.settings import Settings
from server.auth.documents import FetchFailed, new_http_client
from server.auth.key_sets import InvalidKeySet
from server.auth.oidc_issuer import fetch_keys


async def find_issuer_problems(settings: Settings) -> list[str]:
    """Return what is wrong with the issuers, and what to do."""
    try:
        issuers = read_token_issuers(settings)
    except OperatorError as problem:
        return [str(problem)]
    problems = _find_sign_in_problems(settings, [each.issuer for each in issuers])
    if not issuers:
        return problems
    async with new_http_client() as client:
        results = await asyncio.gather(*(fetch_keys(client, each) for each in issuers), return_exceptions=True)
    for issuer, result in zip(issuers, results, strict=True):
        if isinstance(result, FetchFailed | InvalidKeySet):
            problems.append(
                f"The keys of {issuer.issuer} cannot be fetched from here: {result}. Correct `issuer` or `jwks_url` in "
                "PARTNERHUB_TOKEN_ISSUERS, or let this machine reach the address."
            )
        elif isinstance(result, BaseException):
            raise result
    return problems


def _find_sign_in_problems(settings: Settings, issuers: Sequence[str]) -> list[str]:
    if not settings.sign_in_issuer or settings.sign_in_issuer in issuers:
        return []
    return [
        f"PARTNERHUB_SIGN_IN_ISSUER {settings.sign_in_issuer} is none of PARTNERHUB_TOKEN_ISSUERS: the API would "
        "refuse the tokens with which users of GraphiQL sign in. Name it there, with the same spelling."
    ]
