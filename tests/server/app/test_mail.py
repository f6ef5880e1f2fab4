"""The settings of e-mail: what is wrong with them is said before the start."""

import pytest

from domain.failures import OperatorError
from server.app.mail import mail_jobs, read_smtp_server
from server.app.settings import Settings
from server.operator_input import Secret
from tests.installation_keys import KEYS


def _settings(url: str, sender: str = "hub@example.com") -> Settings:
    return Settings(smtp_url=Secret(url), smtp_from=sender)


def test_without_a_server_nothing_sends() -> None:
    assert mail_jobs(_settings("", ""), KEYS) == []
    assert [job.name for job in mail_jobs(_settings("smtp://mail.example"), KEYS)] == ["send_mails"]


def test_a_wrong_setting_is_named_without_its_password() -> None:
    for settings in (_settings("smtp://hub:secret@mail.example"), _settings("smtps://hub:secret@mail.example", "")):
        with pytest.raises(OperatorError, match="PARTNERHUB_SMTP_URL, PARTNERHUB_SMTP_FROM: ") as failure:
            read_smtp_server(settings)
        assert "secret" not in str(failure.value)
