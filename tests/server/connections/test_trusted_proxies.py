"""Which client a proxy reports: nothing that a client claims itself is believed."""

import pytest

from server.connections.trusted_proxies import ForwardedClient, TrustedProxies, address_group, parse_networks

PROXIES = "10.0.0.0/8, 127.0.0.1, ::1"


@pytest.mark.parametrize(
    ("address", "is_trusted"),
    [
        *[("10.1.2.3", True), ("127.0.0.1", True), ("::1", True), ("::ffff:10.1.2.3", True)],
        *[("127.0.0.2", False), ("192.0.2.1", False), ("hub.example", False), ("", False), (None, False)],
    ],
)
def test_trusts_addresses_and_networks(address: str | None, is_trusted: bool) -> None:
    assert TrustedProxies(PROXIES).trusts(address) is is_trusted
    assert not TrustedProxies("").trusts(address)


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([], None),
        (["192.0.2.1"], "192.0.2.1"),
        # What the client claims stands before what the proxy has seen.
        (["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        (["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        (["203.0.113.9, 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        (["10.0.0.9, 10.0.0.7"], "10.0.0.9"),
        (["nonsense, 10.0.0.7"], "10.0.0.7"),
        (["192.0.2.1, nonsense"], None),
        (["192.0.2.1:4711"], "192.0.2.1"),
        (["[2001:DB8::1]:4711"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        (["9" * 10_000], None),
        (["\xff"], None),
        ([""], None),
    ],
)
def test_reads_the_first_address_that_no_trusted_proxy_has(lines: list[str], client: str | None) -> None:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    found = TrustedProxies(PROXIES).forwarded_client([*headers, (b"forwarded", b"for=203.0.113.1")])
    assert (found and found.address) == client


@pytest.mark.parametrize(
    ("line", "client"),
    [
        ('for=192.0.2.1;proto=https;by="_x"', ForwardedClient("192.0.2.1", "https")),
        ("For=203.0.113.9, for=192.0.2.1", ForwardedClient("192.0.2.1", None)),
        ('for="[2001:db8::1]:80";proto=http', ForwardedClient("2001:db8::1", "http")),
        ("proto=https;for=192.0.2.1, for=10.0.0.7;proto=http", ForwardedClient("192.0.2.1", "https")),
        ("for=_hidden", None),
        ("for=unknown, for=10.0.0.7", ForwardedClient("10.0.0.7", None)),
        ("for=192.0.2.1;proto=javascript", ForwardedClient("192.0.2.1", None)),
        ("by=192.0.2.1", None),
    ],
)
def test_reads_the_forwarded_header_where_the_setting_names_it(line: str, client: ForwardedClient | None) -> None:
    headers = [(b"forwarded", line.encode()), (b"x-forwarded-for", b"203.0.113.1")]
    assert TrustedProxies(PROXIES, "Forwarded").forwarded_client(headers) == client


@pytest.mark.parametrize(
    ("proto", "scheme"), [("https", "https"), ("https, http", "http"), ("ftp", None), ("", None), ("HTTPS", "https")]
)
def test_reads_the_scheme(proto: str, scheme: str | None) -> None:
    headers = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-proto", proto.encode())]
    assert TrustedProxies(PROXIES).forwarded_client(headers) == ForwardedClient("192.0.2.1", scheme)


@pytest.mark.parametrize("addresses", ["proxy.example", "10.0.0.0/33", "10.0.0.1-10.0.0.9"])
def test_a_setting_that_is_no_network_is_an_error(addresses: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        parse_networks(addresses)


def test_addresses_of_one_ipv6_network_count_together() -> None:
    assert address_group("2001:db8::1") == address_group("2001:db8::ffff:1") != address_group("2001:db8:0:1::1")
    assert address_group("192.0.2.1") != address_group("192.0.2.2")
    assert address_group("::ffff:192.0.2.1") == "192.0.2.1"
