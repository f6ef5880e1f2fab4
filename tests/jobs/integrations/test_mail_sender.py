"""E-mails of alerts and webhooks: a real database, and a real mail server that refuses, hangs, is gone and returns."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from domain.customers.keys import ALL_CUSTOMERS_KEY
from domain.integrations.alert_changes import AlertChanges, AlertKey, TrackedAlert
from domain.integrations.mail_addresses import MailAddresses, UnsubscribeReference, verify_unsubscribe_token
from domain.integrations.smtp_servers import parse_smtp_server
from domain.types import PartnerRole
from jobs.integrations import mail_sender, smtp_client
from jobs.integrations.mail_sender import MailSender
from store.database.client import Session, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope, administrator_key
from store.database.transactions import in_transaction
from store.integrations.alert_making import write_changes
from store.integrations.mail_outbox import add_webhook_mail
from tests.api_server import administrator_document
from tests.jobs.integrations.mail_server import SENDER, MailServer, read_body, running_mail_server
from tests.moved_clock import moved_clock
from tests.store.factory_alerts import add_alert_rule

SECRET = b"s" * 32


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running_mail_server() as running:
        yield running


def _sender(server: MailServer) -> MailSender:
    return MailSender(parse_smtp_server(server.url, SENDER), MailAddresses("https://hub.example", SECRET))


async def _add_rule(scope: Scope, role: PartnerRole = PartnerRole.FULL_ADMINISTRATOR, **fields: Any) -> tuple[str, str]:
    """Insert a rule that sends e-mail; return it with its owner."""
    owner = administrator_document(scope, role)
    await scope.collection("administrators").insert_many([owner])
    return await add_alert_rule(scope, owner["_id"], **{"name": "Unpaid", "email": True, **fields}), owner["_id"]


async def _open(scope: Scope, rule: tuple[str, str], count: int, prefix: str = "C") -> None:
    """Let customers, which are inserted, enter the status at once."""
    scope = replace(scope, now=utc_now())
    names = [f"{prefix}{number:04}" for number in range(count)]
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now, "status_details": []}
    stamps["keys"] = [ALL_CUSTOMERS_KEY]
    customers = [{**stamps, "_id": f"cus_{name}", "external_id": name, "name": f"{name} & Co"} for name in names]
    await scope.collection("customers").insert_many(customers)
    changes = AlertChanges.begin((), (), utc_now())
    changes.opened = [
        TrackedAlert(AlertKey(rule[0], customer["_id"], "SUSPENDED"), rule[1], scope.now, is_mailed=True)
        for customer in customers
    ]

    async def write(session: Session) -> None:
        await write_changes(scope, changes, session)

    await in_transaction(scope.client, write)


async def _make_due(scope: Scope) -> None:
    """Let the time come of all that waits."""
    due = utc_now() - timedelta(seconds=1)
    await scope.collection("alert_rules").update_one({"mail.due_at": {"$gt": due}}, {"$set": {"mail.due_at": due}})
    await scope.collection("mail_outbox").update_one({"due_at": {"$gt": due}}, {"$set": {"due_at": due}})


async def _send(scope: Scope, server: MailServer) -> None:
    await _make_due(scope)
    while await _sender(server).send_due(scope.client):
        pass


async def _waiting(scope: Scope) -> list[dict[str, Any]]:
    return await scope.collection("mail_outbox").find(scope.match())


async def test_what_opens_at_once_is_one_message_that_its_owner_can_stop(scope: Scope, server: MailServer) -> None:
    rule = await _add_rule(scope)
    for prefix in ("A", "B"):
        await _open(scope, rule, 500, prefix)
    assert await _sender(server).send_due(scope.client) == 0
    await _send(scope, server)
    await _send(scope, server)
    (message,) = server.messages
    assert message["Subject"] == "Unpaid: 1,000 new alerts" and message["From"] == SENDER
    assert server.recipients == [message["To"]] == [f"{rule[1]}@partner.example"]
    text, html = read_body(message), read_body(message, "html")
    assert text.count(" & Co") == 50 == html.count(" &amp; Co") and "and 950 more" in text and "& Co" not in html
    address = message["List-Unsubscribe"].strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and address in text and address in html
    token = address.removeprefix("https://hub.example/unsubscribe/")
    assert verify_unsubscribe_token([SECRET], token) == UnsubscribeReference(scope.partner_id, rule[0])
    assert await _waiting(scope) == []
    await _open(scope, rule, 1, "C")
    await _send(scope, server)
    assert server.messages[1]["Subject"] == "Unpaid: 1 new alert" and "C0000" in read_body(server.messages[1])


async def test_a_message_is_sent_again_until_the_server_takes_it(
    scope: Scope, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_client, "_ANSWER_SECONDS", 0.5)
    rule = await _add_rule(scope)
    await _open(scope, rule, 1)
    await _make_due(scope)
    answers: list[str | None] = ["451 4.3.0 Later", None]
    for number, answer in enumerate(answers):
        server.answers = [answer]
        await _send(scope, server)
        (waiting,) = await _waiting(scope)
        assert waiting["attempts"] == number + 1 and waiting["due_at"] > utc_now() + timedelta(seconds=30)
    server.stop()
    await _send(scope, server)
    (waiting,) = await _waiting(scope)
    assert waiting["attempts"] == 3
    # What opens meanwhile does not change the message that waits.
    await _open(scope, rule, 2, "D")
    with running_mail_server(server.port) as returned:
        await _send(scope, returned)
        assert [message["Subject"] for message in returned.messages] == ["Unpaid: 1 new alert"]
        assert returned.messages[0]["Message-ID"] == f"<{waiting['_id']}@example.com>"
        await _send(scope, returned)
        assert [message["Subject"] for message in returned.messages[1:]] == ["Unpaid: 2 new alerts"]


async def test_a_message_is_dropped_where_it_is_refused_for_good_or_for_a_day(scope: Scope, server: MailServer) -> None:
    rule = await _add_rule(scope)
    await _open(scope, rule, 1)
    server.answers = ["550 5.1.1 Unknown"]
    await _send(scope, server)
    assert await _waiting(scope) == []
    await _open(scope, rule, 1, "D")
    server.answers = ["451 Later", "451 Later"]
    await _send(scope, server)
    long_ago = {"$set": {"created_at": utc_now() - timedelta(hours=25)}}
    await scope.collection("mail_outbox").update_one(scope.match(), long_ago)
    await _send(scope, server)
    assert await _waiting(scope) == [] and server.messages == []


async def test_a_sender_that_dies_after_sending_sends_the_same_message_again(
    scope: Scope, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open(scope, await _add_rule(scope), 1)

    async def die(_mail: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(mail_sender, "end_mail", die)
        with pytest.raises(ConnectionError):
            await _send(scope, server)
    await _send(scope, server)
    first, second = server.messages
    assert first["Message-ID"] == second["Message-ID"] and read_body(first) == read_body(second)


@pytest.mark.parametrize(
    ("collection", "change"),
    [
        ("alerts", {"state": "ACKNOWLEDGED"}),
        ("alerts", {"state": "RESOLVED"}),
        ("alert_rules", {"paused": True}),
        ("alert_rules", {"email": False}),
        ("administrators", {"state": "DEACTIVATED"}),
        ("administrators", {"role": "ADMINISTRATOR"}),
    ],
    ids=str,
)
async def test_where_nothing_is_to_be_told_nothing_is_sent(
    scope: Scope, server: MailServer, collection: str, change: dict[str, Any]
) -> None:
    await _open(scope, await _add_rule(scope), 1)
    await scope.collection(collection).update_one(scope.match(), {"$set": change})
    await _send(scope, server)
    assert server.messages == [] and await _waiting(scope) == []


async def test_a_message_neither_names_nor_counts_customers_out_of_sight(scope: Scope, server: MailServer) -> None:
    """The first 50, which a message names, and some behind them."""
    rule = await _add_rule(scope, PartnerRole.ADMINISTRATOR)
    await _open(scope, rule, 120)
    assignments = [{"administrator_id": rule[1], "expires_at": None}]
    seen = {"keys": [ALL_CUSTOMERS_KEY, administrator_key(rule[1])], "assignments": assignments}
    where = {**scope.match(), "external_id": {"$gte": "C0050", "$lt": "C0110"}}
    await scope.collection("customers").bulk_write([UpdateMany(where, {"$set": seen})])
    await _send(scope, server)
    (message,) = server.messages
    text = read_body(message)
    assert message["Subject"] == "Unpaid: 60 new alerts" and text.count(" & Co") == 50 and "and 10 more" in text
    assert "C0050" in text and "C0049" not in text


async def test_the_creator_of_a_disabled_webhook_is_told(scope: Scope, server: MailServer) -> None:
    creator = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR, email="šef@partner.example")
    await scope.collection("administrators").insert_many([creator])
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}
    webhook = {"_id": "whk_1", **stamps, "name": "Hook <1>", "creator_id": creator["_id"], "state": "DISABLED"}
    await scope.collection("webhooks").insert_many([webhook])
    await in_transaction(scope.client, lambda session: add_webhook_mail(scope, "whk_1", session))
    await _send(scope, server)
    (message,) = server.messages
    assert server.recipients == ["šef@partner.example"] and message["List-Unsubscribe"] is None
    assert "Hook <1>" in message["Subject"] and "Hook &lt;1&gt;" in read_body(message, "html")


@pytest.mark.parametrize(
    ("start", "hours"), [(datetime(2040, 3, 24, 8, 10), 23), (datetime(2040, 10, 27, 7, 10), 25)], ids=["23 h", "25 h"]
)
async def test_a_digest_leaves_once_at_eight_also_on_days_of_23_and_25_hours(
    scope: Scope, server: MailServer, start: datetime, hours: int
) -> None:
    """From Saturday, 09:10, an alert opens each hour: a message names as many as the day before it has hours."""
    sent = list[tuple[str, str]]()
    with moved_clock() as clock:
        clock.move_to(start)
        rule = await _add_rule(scope, schedule="DAILY", time_zone="Europe/Belgrade")
        for hour in range(49):
            clock.move_to(start + timedelta(hours=hour))
            await _open(scope, rule, 1, f"{hour:02}-")
            while await _sender(server).send_due(scope.client):
                pass
            local = utc_now().replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Belgrade"))
            sent += [(f"{local:%a %H}", str(message["Subject"])) for message in server.messages[len(sent) :]]
    assert sent == [("Sun 08", f"Unpaid: {hours} new alerts"), ("Mon 08", "Unpaid: 24 new alerts")]


@pytest.mark.parametrize(
    ("start", "second_digest"),
    [(datetime(2040, 3, 17, 8, 10), 214), (datetime(2040, 10, 20, 7, 10), 216)],
    ids=["in spring", "in autumn"],
)
async def test_a_weekly_digest_leaves_once_on_monday_at_eight_also_where_the_clock_changes(
    scope: Scope, server: MailServer, start: datetime, second_digest: int
) -> None:
    """From Saturday, 09:10, an alert opens every twelve hours. The clock changes on the second Sunday."""
    sent = list[tuple[int, str, str]]()
    with moved_clock() as clock:
        clock.move_to(start)
        rule = await _add_rule(scope, schedule="WEEKLY", time_zone="Europe/Belgrade")
        for hour in range(240):
            clock.move_to(start + timedelta(hours=hour))
            if hour % 12 == 6:
                await _open(scope, rule, 1, f"{hour:03}-")
            while await _sender(server).send_due(scope.client):
                pass
            local = utc_now().replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Belgrade"))
            sent += [(hour, f"{local:%a %H}", str(message["Subject"])) for message in server.messages[len(sent) :]]
    assert sent == [(47, "Mon 08", "Unpaid: 4 new alerts"), (second_digest, "Mon 08", "Unpaid: 14 new alerts")]


HEADERS = {"To", "List-Unsubscribe", "List-Unsubscribe-Post", "From", "Subject", "Date", "Message-ID"}
HEADERS |= {"Auto-Submitted", "MIME-Version", "Content-Type"}


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nBcc: evil@example.com\r\n\r\nhello",
        "=?utf-8?q?x=0D=0ABcc=3A_evil@example.com=0D=0A=0D=0Ahello?=",
        "=?utf-8?b?YQpCY2M6IGV2aWxAZXhhbXBsZS5jb20K?= é",
        "a\u2028Bcc: b\x85c\x0bd\x1ce\x00f",
        "Đorđe 🙂 \u202e" + "x" * 300,
        "=?" * 60,
    ],
)
async def test_no_text_becomes_a_header_or_markup(scope: Scope, server: MailServer, text: str) -> None:
    rule, owner = await _add_rule(scope, name=text)
    email = "=?utf-8?q?a=0ABcc=3Ab?=@partner.example"
    await scope.collection("administrators").update_one({"_id": owner}, {"$set": {"email": email}})
    await _open(scope, (rule, owner), 1)
    await scope.collection("customers").update_one(scope.match(), {"$set": {"name": f"{text}<script>"}})
    await _send(scope, server)
    (message,) = server.messages
    assert set(message.keys()) == HEADERS and len(message.keys()) == len(HEADERS)
    # The library of this mail server decodes the address, which no administrator can have any more.
    assert len(server.recipients) == 1
    assert message.get_content_type() == "multipart/alternative" and not message.defects
    assert "<script>" not in read_body(message, "html") and "Bcc" not in message["Subject"].split()[0]
