"""What e-mails say, in both languages, and what texts of others cannot do in them; the settings of their server."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.reasons import StatusReason, StatusReasonCode
from domain.integrations.alert_messages import AlertLine, compose_alert_mail, compose_webhook_mail
from domain.integrations.mail_addresses import MailAddresses, UnsubscribeReference, verify_unsubscribe_token
from domain.integrations.smtp_servers import SmtpSecurity, parse_smtp_server
from domain.languages.languages import Language
from domain.types import SubscriptionType

EN, SR = Language.ENGLISH, Language.SERBIAN
REASON = StatusReason(
    code=StatusReasonCode.EXPIRES, type=SubscriptionType.SUBSCRIPTION, number="SUB-1", on=date(2026, 12, 4), others=0
)
URLS = ("https://hub.example/alerts", "https://hub.example/unsubscribe/x")


@pytest.mark.parametrize(
    ("language", "count", "subject", "more"),
    [
        (EN, 2, "Expiring: 2 new alerts", "and 1 more"),
        (EN, 1_001, "Expiring: 1,001 new alerts", "and 1,000 more"),
        (SR, 2, "Expiring: 2 nova upozorenja", "i još 1"),
        (SR, 5, "Expiring: 5 novih upozorenja", "i još 4"),
    ],
)
def test_a_message_counts_what_it_does_not_name(language: Language, count: int, subject: str, more: str) -> None:
    text = compose_alert_mail("Expiring", [AlertLine("Acme", REASON)], count, *URLS, language)
    assert text.subject == subject
    for part in (text.text, text.html):
        assert more in part and "Acme: " in part and "SUB-1" in part and all(url in part for url in URLS)


def test_one_alert_is_named_alone() -> None:
    text = compose_alert_mail("R", [AlertLine("Acme", None)], 1, *URLS, EN)
    assert text.subject == "R: 1 new alert" and "- Acme\n" in text.text and "more" not in text.text.split("Pause")[0]


@given(st.text(max_size=30), st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_texts_of_others_are_no_markup_and_no_header(rule: str, names: list[str]) -> None:
    alerts = [AlertLine(f"{name}<script>", None) for name in names]
    for text in (
        compose_alert_mail(f"{rule}\r\nBcc: x<b>", alerts, 3, *URLS, EN),
        compose_webhook_mail(f"{rule}\nBcc: x<b>", URLS[0], EN),
    ):
        assert len(text.subject.splitlines()) == 1 and len(text.subject) <= 200
        assert "<script" not in text.html and "<b>" not in text.html


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, SmtpSecurity.NONE, "", "")),
        ("smtp://127.0.0.1:2525/", ("127.0.0.1", 2525, SmtpSecurity.NONE, "", "")),
        ("smtps://hub%40x:p%2Fw@mail.example", ("mail.example", 465, SmtpSecurity.TLS, "hub@x", "p/w")),
        ("smtp+starttls://u:p-w@mail.example", ("mail.example", 587, SmtpSecurity.STARTTLS, "u", "p-w")),
    ],
)
def test_reads_the_address_of_a_server(url: str, expected: tuple[str, int, SmtpSecurity, str, str]) -> None:
    server = parse_smtp_server(url, "Hub <hub@example.com>")
    assert (server.host, server.port, server.security, server.user, server.password) == expected
    assert server.sender_address == "hub@example.com"
    assert not server.password or server.password not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example", "hub@example.com"),
        ("smtp://", "hub@example.com"),
        ("smtp://mail.example:port", "hub@example.com"),
        ("smtp://mail.example/path", "hub@example.com"),
        ("smtp://user:secret@mail.example", "hub@example.com"),
        ("smtps://user:secret@mail.example", ""),
        ("smtps://user:secret@mail.example", "hub"),
        ("smtps://user:secret@mail.example", "a@example.com, b@example.com"),
    ],
)
def test_refuses_what_cannot_work_without_telling_the_password(url: str, sender: str) -> None:
    with pytest.raises(ValueError, match=r"must|has a password") as failure:
        parse_smtp_server(url, sender)
    assert "secret" not in str(failure.value)


def test_an_unsubscribe_token_is_of_one_rule_and_one_key() -> None:
    rule = UnsubscribeReference("acme", "alr_1")
    token = MailAddresses("https://hub.example", b"a" * 32).unsubscribe(rule).rpartition("/")[2]
    assert verify_unsubscribe_token([b"b" * 32, b"a" * 32], token) == rule
    assert verify_unsubscribe_token([b"b" * 32], token) is None
    assert verify_unsubscribe_token([b"a" * 32], token[:-1] + "A") is None
