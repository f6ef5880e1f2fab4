"""What settings provide to operations: the terms of service of a file."""

from pathlib import Path

import pytest

from domain.failures import OperatorError
from domain.partner.terms import Terms
from server.app.installation import read_terms
from server.app.settings import Settings


def test_reads_the_terms_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text("version: 3\n\n# Uslovi korišćenja\n", encoding="utf-8")
    assert read_terms(Settings(terms_file=str(tmp_path / "terms.md"))) == Terms("3", None, "# Uslovi korišćenja\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file"), (b"Text.", "neither"), (b"version: 1\n\n\xff", "utf-8")],
)
def test_a_wrong_file_names_the_setting(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "terms.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorError, match=rf"^PARTNERHUB_TERMS_FILE: .*{reason}"):
        read_terms(Settings(terms_file=str(path)))
