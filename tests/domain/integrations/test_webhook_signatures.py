"""Signatures, checked with the verifier of Standard Webhooks."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.integrations.webhook_signatures import format_secret, secret_key, signed_headers, valid_keys

SEED, BODY = bytes(range(32)), json.dumps({"type": "status.changed", "data": "é"}).encode()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _verify(number: int, headers: dict[str, str], body: bytes = BODY) -> None:
    Webhook(format_secret(secret_key(SEED, number))).verify(body, headers)


def test_the_verifier_of_standard_webhooks_accepts_a_delivery() -> None:
    headers = signed_headers(valid_keys(SEED, 1, None, _now()), "evt_1", _now(), BODY)
    _verify(1, headers)
    for number, body in ((2, BODY), (1, BODY + b" ")):
        with pytest.raises(WebhookVerificationError):
            _verify(number, headers, body)


def test_the_former_secret_also_signs_for_a_day() -> None:
    now = _now()
    both = signed_headers(valid_keys(SEED, 2, now - timedelta(hours=23), now), "evt_1", now, BODY)
    _verify(1, both)
    _verify(2, both)
    one = signed_headers(valid_keys(SEED, 2, now - timedelta(hours=24), now), "evt_1", now, BODY)
    _verify(2, one)
    with pytest.raises(WebhookVerificationError):
        _verify(1, one)
