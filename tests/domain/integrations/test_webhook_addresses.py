"""Which addresses webhooks may reach."""

from ipaddress import ip_address

import pytest

from domain.integrations.webhook_addresses import (
    WebhookPolicy,
    first_allowed,
    is_webhook_url,
    literal_address,
    parse_networks,
)

PUBLIC = ("8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8")
PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("192.0.2.1", "198.18.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1"),
    *("192.0.0.192", "168.63.129.16", "192.88.99.1", "3fff::1", "5f00::1", "::127.0.0.1", "::ffff:0:7f00:1"),
    *("64:ff9b:1::7f00:1", "100::1", "fd00:ec2::254", "100.100.100.200", "0.1.2.3", "fe80::1%eth0"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert WebhookPolicy().allows(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_other_addresses_are_refused(address: str) -> None:
    assert not WebhookPolicy().allows(ip_address(address))


def test_a_setting_allows_networks() -> None:
    policy = WebhookPolicy(parse_networks("127.0.0.0/8, 10.1.0.0/16"))
    assert policy.allows(ip_address("::ffff:127.0.0.1")) and policy.allows(ip_address("10.1.9.9"))
    assert not policy.allows(ip_address("10.2.0.1"))


def test_one_private_address_of_a_name_refuses_all() -> None:
    public, private = ip_address("8.8.8.8"), ip_address("127.0.0.1")
    assert first_allowed([ip_address("2606:4700:4700::1111"), public], WebhookPolicy()) == public
    assert first_allowed([public, private], WebhookPolicy()) is None
    assert first_allowed([], WebhookPolicy()) is None


def test_an_address_is_https_unless_http_is_allowed() -> None:
    http = WebhookPolicy(is_http_allowed=True)
    assert is_webhook_url("https://hooks.example/a?b=c", WebhookPolicy())
    assert is_webhook_url("http://hooks.example/", http) and not is_webhook_url(
        "http://hooks.example/", WebhookPolicy()
    )
    for url in (
        "",
        "ftp://a.example",
        "https://user@a.example",
        "https:///a",
        "https://ä.example",
        "https://a b",
        *("https://a.example@127.0.0.1", "https://a:b@a.example", "https://①②⑦.0.0.1", "https://a.example\\@b.example"),
        *("https://a.example:99999", "https://a.example:x", "https://[::1", "https://a.example\n", "//a.example"),
    ):
        assert not is_webhook_url(url, http), url
    assert literal_address("https://[::1]/") == ip_address("::1") and literal_address("https://a.example") is None
