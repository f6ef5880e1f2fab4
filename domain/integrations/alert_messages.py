"""The e-mails of alerts and webhooks: subject, plain text and HTML in a language. Texts of others are escaped here."""

from collections.abc import Sequence
from html import escape

from msgspec import Struct

from domain.customers.reason_sentences import reason_message
from domain.customers.reasons import StatusReason
from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import Message, translatable, translatable_plural

# A message names this many alerts and counts the others.
MAX_NAMED_ALERTS = 50
_MAX_SUBJECT = 200


class MailText(Struct, frozen=True):
    """The parts of a message that people read."""

    subject: str
    text: str
    html: str


class AlertLine(Struct, frozen=True):
    """One alert of a message."""

    customer_name: str
    reason: StatusReason | None


def compose_alert_mail(
    rule_name: str, alerts: Sequence[AlertLine], count: int, list_url: str, unsubscribe_url: str, language: Language
) -> MailText:
    """Return the message of `count` alerts, of which it names the given ones."""

    def render(message: Message) -> str:
        return render_message(message, language)

    name = _one_line(rule_name)
    subject = translatable_plural("{name}: {count} new alert", "{name}: {count} new alerts", count, name=name)
    lines = [_alert_line(alert, language) for alert in alerts[:MAX_NAMED_ALERTS]]
    others = count - len(lines)
    if others > 0:
        lines.append(render(translatable_plural("and {count} more", "and {count} more", others)))
    return _build(
        render(subject),
        render(translatable("Your alert rule “{name}” has found:", name=name)),
        lines,
        [
            (render(translatable("All alerts")), list_url),
            (render(translatable("Pause this rule, so that it sends no more e-mail")), unsubscribe_url),
        ],
    )


def compose_webhook_mail(webhook_name: str, page_url: str, language: Language) -> MailText:
    """Return the message that tells the creator of a webhook that it was disabled."""

    def render(message: Message) -> str:
        return render_message(message, language)

    name = _one_line(webhook_name)
    return _build(
        render(translatable("The webhook {name} was disabled", name=name)),
        render(
            translatable(
                "Every delivery to the webhook “{name}” has failed for five days, so it was disabled. Correct what "
                "receives it, then let it go on.",
                name=name,
            )
        ),
        [],
        [(render(translatable("All webhooks")), page_url)],
    )


def _alert_line(alert: AlertLine, language: Language) -> str:
    name = _one_line(alert.customer_name)
    return name if alert.reason is None else f"{name}: {render_message(reason_message(alert.reason), language)}"


def _build(subject: str, lead: str, lines: Sequence[str], links: Sequence[tuple[str, str]]) -> MailText:
    paragraphs = [lead, "\n".join(f"- {line}" for line in lines), *(f"{text}: {url}" for text, url in links)]
    items = "".join(f"<li>{escape(line)}</li>\n" for line in lines)
    anchors = "".join(f'<p><a href="{escape(url)}">{escape(text)}</a></p>\n' for text, url in links)
    html = f"<!doctype html>\n<html>\n<body>\n<p>{escape(lead)}</p>\n{f'<ul>{items}</ul>' if items else ''}\n{anchors}"
    return MailText(
        subject[:_MAX_SUBJECT],
        "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n",
        f"{html}</body>\n</html>\n",
    )


def _one_line(text: str) -> str:
    """Return the text without line breaks: it can be in a header."""
    return " ".join(text.split())
