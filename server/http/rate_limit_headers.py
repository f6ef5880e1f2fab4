"""The fields RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers): structured lists of budgets."""

from collections.abc import Sequence
from functools import lru_cache

from domain.rate_limits import BudgetState, RateLimit, RateLimited


def rate_limit_headers(states: Sequence[BudgetState]) -> dict[str, str]:
    """Return the fields for the budgets of a request; none where there is no limit."""
    if not states:
        return {}
    policies = _policies(tuple([(state.name, state.limit) for state in states]))
    limits = [f'"{state.name}";r={state.left};t={state.reset_seconds}' for state in states]
    return {"RateLimit-Policy": policies, "RateLimit": ", ".join(limits)}


@lru_cache(maxsize=10)
def _policies(limits: tuple[tuple[str, RateLimit], ...]) -> str:
    policies = [f'"{name}";q={int(limit.capacity)};w={limit.window_seconds};qu="cost"' for name, limit in limits]
    return ", ".join(policies)


def rejection_headers(failure: RateLimited) -> dict[str, str]:
    """Return the fields of a request that is rejected with 429."""
    return {"Retry-After": str(failure.retry_after), **rate_limit_headers(failure.states)}
