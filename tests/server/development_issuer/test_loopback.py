"""Only programs on this machine use the development sign-in, by a loopback address and without a proxy."""

from typing import Any

import pytest
from starlette.requests import Request

from domain.failures import OperatorError
from server.app.settings import Settings
from server.development_issuer.loopback import check_start, is_local_request, is_loopback_address


def request(host: str | None = "127.0.0.1:8000", client: str | None = "127.0.0.1", **headers: str) -> Request:
    named = {
        **({} if host is None else {"host": host}),
        **{key.replace("_", "-"): text for key, text in headers.items()},
    }
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    return Request({"type": "http", "headers": raw, "client": client and (client, 1)})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost:5", "LOCALHOST", "[::1]:8000"])
@pytest.mark.parametrize("client", ["127.0.0.1", "127.0.0.2", "::1"])
def test_accepts_this_machine(host: str, client: str) -> None:
    assert is_local_request(request(host, client))


@pytest.mark.parametrize(
    "refused",
    [
        # A name of another site that points to this machine: DNS rebinding.
        *[request(host) for host in ("evil.example:8000", "127.0.0.1.evil.example", "localhost.", "", None)],
        *[request(host) for host in ("127.0.0.1:8000@evil.example", "[::1]:8000.evil.example", "10.0.0.1")],
        *[request(client=client) for client in ("10.0.0.1", "192.168.0.1", "::ffff:10.0.0.1", "unix", None)],
        request(x_forwarded_for="10.0.0.1"),
        request(forwarded="for=10.0.0.1"),
        request(via="1.1 proxy"),
        request(x_forwarded_host="hub.example"),
        request(x_real_ip="10.0.0.1"),
    ],
)
def test_refuses_others(refused: Request) -> None:
    assert not is_local_request(refused)


def settings(**changes: Any) -> Settings:
    defaults = {"development_sign_in": "sample", "public_url": "", "sign_in_issuer": "", "local_tokens": "all"}
    return Settings(**{**defaults, **changes})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_starts_on_loopback(host: str) -> None:
    check_start(settings(), host, workers=1)
    check_start(settings(public_url="http://localhost:8000"), host, workers=1)


@pytest.mark.parametrize(
    ("changes", "host", "workers", "reason"),
    [
        ({}, "0.0.0.0", 1, "not served on 0.0.0.0"),
        ({}, "::", 1, "not served on ::"),
        ({}, "hub.example", 1, "not served on hub.example"),
        ({"public_url": "https://hub.example"}, "127.0.0.1", 1, "leave PARTNERHUB_PUBLIC_URL empty"),
        ({"sign_in_issuer": "https://id.example"}, "127.0.0.1", 1, "not both"),
        ({"local_tokens": "service"}, "127.0.0.1", 1, "PARTNERHUB_LOCAL_TOKENS refuses"),
        ({}, "127.0.0.1", 2, "--workers 1"),
    ],
)
def test_does_not_start_where_others_could_use_it(
    changes: dict[str, Any], host: str, workers: int, reason: str
) -> None:
    with pytest.raises(OperatorError, match=reason):
        check_start(settings(**changes), host, workers)
    check_start(settings(**changes, development_sign_in=""), host, workers)


def test_a_name_is_no_loopback_address() -> None:
    assert not is_loopback_address("localhost.evil.example") and not is_loopback_address("")
