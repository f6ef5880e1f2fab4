"""Which pages may call the server, and what the log says about those that may not."""

from collections.abc import Iterator

import pytest
from starlette.datastructures import Headers
from structlog.testing import capture_logs

from server.auth import origins
from server.auth.origins import is_accepted_origin, log_refused_origin, origin_of

ALLOWED = frozenset({"https://app.example.com"})


def headers(origin: str | None, host: str | None = "hub.example.com") -> Headers:
    given = {"origin": origin, "host": host}
    return Headers({name: value for name, value in given.items() if value is not None})


@pytest.fixture(autouse=True)
def no_logged_origins() -> Iterator[None]:
    before = set(origins._logged)
    origins._logged.clear()
    yield
    origins._logged.clear()
    origins._logged.update(before)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://hub.example.com/graphql?a=b", "https://hub.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("", ""),
        ("hub.example.com", ""),
        ("/graphql", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "origin", [None, "https://app.example.com", "http://hub.example.com", "https://hub.example.com"]
)
def test_accepts_programs_own_pages_and_allowed_ones(origin: str | None) -> None:
    assert is_accepted_origin(headers(origin), ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://app.example.com/",
        "https://evil.example",
        "https://hub.example.com:8443",
        "ftp://hub.example.com",
    ],
)
def test_refuses_other_pages(origin: str) -> None:
    assert not is_accepted_origin(headers(origin), ALLOWED)


def test_without_a_host_only_allowed_pages_are_accepted() -> None:
    assert is_accepted_origin(headers("https://app.example.com", host=None), ALLOWED)
    assert not is_accepted_origin(headers("https://hub.example.com", host=None), ALLOWED)


def test_each_refused_origin_is_logged_once_with_advice() -> None:
    with capture_logs() as logs:
        for _ in range(3):
            log_refused_origin("https://evil.example", "/graphql")
    (entry,) = logs
    assert (entry["origin"], entry["path"], entry["log_level"]) == ("https://evil.example", "/graphql", "warning")
    assert "PARTNERHUB_ALLOWED_ORIGINS" in entry["advice"] and "PARTNERHUB_PUBLIC_URL" in entry["advice"]


def test_callers_cannot_fill_the_log() -> None:
    with capture_logs() as logs:
        for number in range(500):
            log_refused_origin(f"https://{number}.example/{'x' * 5_000}", "/graphql")
    assert len(logs) == len(origins._logged) == 100
    assert max(len(entry["origin"]) for entry in logs) == 200
