"""The fields RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers): structured lists of budgets."""

from collections.abc import Sequence

from domain.rate_limits import BudgetState, RateLimited


def rate_limit_headers(states: Sequence[BudgetState]) -> dict[str, str]:
    """Return the fields for the budgets of a request; none where there is no limit."""
    if not states:
        return {}
    policies = [
        f'"{state.name}";q={int(state.limit.capacity)};w={state.limit.window_seconds};qu="cost"' for state in states
    ]
    limits = [f'"{state.name}";r={max(0, int(state.remaining))};t={state.reset_seconds}' for state in states]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}


def rejection_headers(failure: RateLimited) -> dict[str, str]:
    """Return the fields of a request that is rejected with 429."""
    return {"Retry-After": str(failure.retry_after), **rate_limit_headers(failure.states)}
