"""Settings: defaults, limits, and the message that names a wrong variable."""

from typing import get_args

import pytest
from msgspec import Meta, structs

from domain.failures import OperatorError
from server.app.settings import Settings, read_settings, variable_of


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.__struct_fields__:
        monkeypatch.delenv(variable_of(name), raising=False)


def test_has_a_default_for_every_setting() -> None:
    settings = read_settings()
    assert settings.mongodb_uri is None
    assert (settings.database, settings.driver, settings.origins) == ("partnerhub", "motor", frozenset())


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example/?replicaSet=rs0")
    monkeypatch.setenv("PARTNERHUB_DRAIN_SECONDS", "2.5")
    settings = read_settings()
    assert settings.mongodb_uri == "mongodb://db.example/?replicaSet=rs0"
    assert settings.drain_seconds == 2.5


def test_ignores_other_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_UNKNOWN", "1")
    assert not hasattr(read_settings(), "unknown")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        read_settings().database = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        (" , ", set()),
        ("https://a.example/", {"https://a.example"}),
        ("https://a.example, https://b.example:8443,", {"https://a.example", "https://b.example:8443"}),
    ],
)
def test_splits_the_allowed_origins(monkeypatch: pytest.MonkeyPatch, text: str, origins: set[str]) -> None:
    monkeypatch.setenv("PARTNERHUB_ALLOWED_ORIGINS", text)
    assert read_settings().origins == origins


def test_the_origin_of_the_public_address_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_PUBLIC_URL", "https://hub.example:8443/api/")
    assert read_settings().origins == {"https://hub.example:8443"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DATABASE", ("a", "A-b_9", "x" * 38)),
        ("DRIVER", ("motor", "pymongo")),
        ("TOKEN_SECONDS", ("60", "2592000")),
        ("RING_EVENTS", ("100",)),
        ("RING_MINUTES", ("0", "60")),
        ("PUBLIC_URL", ("", "http://hub.example", "https://hub.example/path/")),
        ("CONSOLE_URL", ("https://console.example/{externalId}/home",)),
        ("HELPDESK_NAME", ("N",)),
        ("DRAIN_SECONDS", ("0", "60")),
        ("LOG_LEVEL", ("DEBUG", "ERROR")),
    ],
)
def test_accepts_the_limits(monkeypatch: pytest.MonkeyPatch, name: str, values: tuple[str, ...]) -> None:
    for value in values:
        monkeypatch.setenv(f"PARTNERHUB_{name}", value)
        assert str(getattr(read_settings(), name.lower())) in (value, f"{value}.0")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE", ""),
        ("DATABASE", "x" * 39),
        ("DATABASE", "a.b"),
        ("DRIVER", "mongoengine"),
        ("TOKEN_SECONDS", "59"),
        ("TOKEN_SECONDS", "2592001"),
        ("TOKEN_SECONDS", "an hour"),
        ("RING_EVENTS", "99"),
        ("RING_MINUTES", "-1"),
        ("RING_MINUTES", "61"),
        ("PUBLIC_URL", "hub.example"),
        ("PUBLIC_URL", "https://hub.example/?a=1"),
        ("CONSOLE_URL", "https://admin.example.com/"),
        ("CONSOLE_URL", "javascript:{externalId}"),
        ("CONSOLE_URL", "https://{externalId}.example.com/"),
        ("CONSOLE_URL", "https://x@{externalId}/"),
        ("HELPDESK_NAME", ""),
        ("DRAIN_SECONDS", "60.1"),
        ("DRAIN_SECONDS", "nan"),
        ("DATABASE", "hub\n"),
        ("HELPDESK_NAME", "Z\udcfcrich"),
        ("RING_EVENTS", "20 000"),
        ("RING_EVENTS", "2_000"),
        ("DEVELOPMENT_SIGN_IN", "Sample"),
        ("SIGN_IN_ISSUER", "id.example"),
        ("WEBHOOK_HTTP", "perhaps"),
        ("WEBHOOK_NETWORKS", "10.20.0.0/99"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("LOG_LEVEL", "TRACE"),
    ],
)
def test_names_the_variable_of_an_invalid_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PARTNERHUB_{name}", value)
    with pytest.raises(OperatorError, match=rf"^PARTNERHUB_{name}: "):
        read_settings()


def test_names_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_DRIVER", "none")
    with pytest.raises(OperatorError, match=r"must be one of motor, pymongo$"):
        read_settings()


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("FALSE", False), ("1", True), ("0", False)])
def test_reads_booleans(text: str, expected: bool) -> None:
    assert read_settings({"PARTNERHUB_WEBHOOK_HTTP": text}).webhook_http is expected


def test_blanks_around_numbers_are_ignored() -> None:
    variables = {"RING_EVENTS": "20000\r", "DRAIN_SECONDS": " 2.5 ", "WEBHOOK_HTTP": "true\n", "HELPDESK_NAME": " N "}
    settings = read_settings({f"PARTNERHUB_{name}": text for name, text in variables.items()})
    assert (settings.ring_events, settings.drain_seconds, settings.webhook_http) == (20000, 2.5, True)
    assert settings.helpdesk_name == " N "


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("RING_EVENTS", "many", "must be a whole number"),
        ("RING_EVENTS", "9", "must be a whole number >= 100"),
        ("DRAIN_SECONDS", "soon", "must be a number"),
        ("WEBHOOK_HTTP", "yes", "must be true, false, 1 or 0"),
        ("HELPDESK_NAME", "", "must be a text of length >= 1"),
        ("HELPDESK_NAME", "Z\udcfcrich", "must be text in UTF-8"),
        ("PUBLIC_URL", "hub.example", "must be an address without a query: https://hub.example.com"),
        ("CONSOLE_URL", "https://{externalId}.example", "must be an address with {externalId} behind its host"),
    ],
)
def test_says_what_a_value_must_be(name: str, text: str, message: str) -> None:
    with pytest.raises(OperatorError) as refused:
        read_settings({f"PARTNERHUB_{name}": text})
    assert str(refused.value) == f"PARTNERHUB_{name}: {message}"


def test_a_variable_may_be_in_lower_case() -> None:
    assert read_settings({"partnerhub_database": "hub"}).database == "hub"


def test_secrets_are_not_shown() -> None:
    settings = read_settings({"PARTNERHUB_SIGNING_KEY": "hunter2", "PARTNERHUB_SMTP_URL": "smtps://a:hunter2@b"})
    assert settings.signing_key.reveal() == "hunter2"
    assert "hunter2" not in f"{settings} {settings!r} {settings.signing_key}"


def test_names_all_invalid_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_RING_EVENTS", "many")
    monkeypatch.setenv("PARTNERHUB_DRIVER", "none")
    with pytest.raises(OperatorError, match=r"PARTNERHUB_DRIVER: .*; PARTNERHUB_RING_EVENTS: "):
        read_settings()


@pytest.mark.parametrize("field", structs.fields(Settings), ids=lambda field: field.name)
def test_every_setting_has_a_description(field: structs.FieldInfo) -> None:
    assert any(part.description for part in get_args(field.type) if isinstance(part, Meta))
