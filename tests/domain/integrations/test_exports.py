"""Exports: cells that are no formulas, and addresses that cannot be forged."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.integrations.exports import (
    ExportReference,
    guard_csv_text,
    guard_text,
    sign_export_token,
    verify_export_token,
)
from domain.partner.launch import LaunchReference, sign_launch_token, verify_launch_token

SECRET, FORMER = b"1" * 32, b"2" * 32


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str) -> None:
    assert guard_text(f"{start}1+1") == f"'{start}1+1"


@given(st.text())
def test_a_guarded_text_begins_with_no_sign_of_a_formula_and_loses_nothing(text: str) -> None:
    guarded = guard_text(text)
    assert guarded[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert guarded in {text, f"'{text}"}


@given(st.text(st.sampled_from("=+-@;\t\r\n\" 'a5")))
def test_no_part_of_a_text_is_a_formula_where_csv_is_read_with_another_separator(text: str) -> None:
    guarded = guard_csv_text(text)
    first, *others = re.split("[;\t\r\n]", guarded)
    assert not first.startswith(("=", "+", "-", "@"))
    assert not any(part.lstrip('" ').startswith(("=", "+", "-", "@")) for part in others)
    assert guarded.replace("'", "") == text.replace("'", "")


def test_a_text_with_separators_and_no_formula_stays() -> None:
    for text in ("Acme; Co", "a\nb", "a;b=c", "1;2"):
        assert guard_csv_text(text) == text
    assert guard_csv_text("Acme;=1+1") == "Acme;'=1+1" and guard_csv_text("a\n-1") == "a\n'-1"


def test_the_token_of_an_export_opens_no_launch() -> None:
    export = sign_export_token(SECRET, ExportReference("acme", "exp_1"))
    launch = sign_launch_token(SECRET, LaunchReference("acme", "exp_1"))
    assert verify_export_token([FORMER, SECRET], export) == ("acme", "exp_1")
    assert verify_launch_token([SECRET], launch) == ("acme", "exp_1")
    assert verify_export_token([SECRET], launch) is None and verify_launch_token([SECRET], export) is None
    assert verify_export_token([FORMER], export) is None and verify_export_token([SECRET], f"{export}A") is None
