"""No text, however long or unusual, takes much time: its length and its marks are checked before anything else."""

from collections.abc import Callable
from functools import partial
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InputRejected, InvalidRecord
from domain.imports.records import RECORD_FIELDS, ImportKind, RecordField
from domain.inputs import ABSENT
from domain.messages import translatable
from domain.partner.helpdesk import HelpdeskTopic, RequestHelpdesk
from domain.partner.views import SaveCustomerView
from domain.text.contacts import read_email
from domain.text.input_checks import InputChecks, check_text_lengths
from domain.text.limits import MAX_MARKS, MAX_RAW_LENGTH, TooManyMarks, check_marks, find_long_texts, raw_limit
from domain.text.normalization import compose, compose_key, has_visible_character
from domain.user_errors import UserErrorCode
from tests.worst_texts import MEBIBYTE, WORST_TEXTS, run_at_once, worst_text

WHAT = translatable("The subject")


@given(st.text(max_size=40))
def test_a_text_that_fits_once_it_is_composed_is_within_its_raw_limit(text: str) -> None:
    composed = normalize("NFC", text)
    assert len(normalize("NFD", text)) <= raw_limit(len(composed))
    assert raw_limit(5_000) == MAX_RAW_LENGTH


@pytest.mark.parametrize("text", WORST_TEXTS)
@pytest.mark.parametrize("length", [MEBIBYTE, MAX_RAW_LENGTH, 2_000])
@pytest.mark.parametrize("longest", [50, 5_000])
def test_typed_text_is_read_at_once(text: str, length: int, longest: int) -> None:
    typed, checks = worst_text(text, length), InputChecks()
    for read in (checks.read_line, checks.read_lines, checks.read_optional_lines):
        run_at_once(partial(read, typed, longest, WHAT, "subject"))


@pytest.mark.parametrize("text", WORST_TEXTS)
@pytest.mark.parametrize("length", [MEBIBYTE, MAX_RAW_LENGTH, 1_400])
def test_delivered_text_is_read_at_once(text: str, length: int) -> None:
    delivered = worst_text(text, length)
    for value in (delivered, [delivered], [{"product": delivered, "name": delivered, "total": 1, "quantity": 1}]):
        for field in (field for kind in ImportKind for field in RECORD_FIELDS[kind]):
            is_accepted = run_at_once(partial(_is_accepted, field, value))
            assert not is_accepted or length < MAX_RAW_LENGTH, field.name


def _is_accepted(field: RecordField, value: object) -> bool:
    try:
        field.parse(field.name, value)
    except InvalidRecord:
        return False
    return True


def test_a_text_beyond_its_raw_limit_is_too_long() -> None:
    checks = InputChecks()
    assert checks.read_line("x" * (raw_limit(50) + 1), 50, WHAT, "subject") is None
    assert checks.read_line(" " * raw_limit(49) + "Gold", 50, WHAT, "subject") == "Gold"
    (error,) = checks.errors
    assert (error.code, error.message.arguments["count"]) == (UserErrorCode.TOO_LONG, 1201)


@pytest.mark.parametrize("mark", ["\u0301", "\u0f73", "\uff9e", "\u0323\u0301"])
def test_marks_in_a_row_are_counted(mark: str) -> None:
    check_marks("é" * 100 + ("e" + mark * (MAX_MARKS // len(mark))) * 100)
    with pytest.raises(TooManyMarks):
        check_marks("a" * 100 + "e" + mark * MAX_MARKS + mark)
    assert compose_key("e" + mark * (MAX_MARKS + 1)) is None


@pytest.mark.parametrize("between", ["\u00ad", "\u200b"])
def test_characters_that_are_dropped_do_not_hide_marks(between: str) -> None:
    checks = InputChecks()
    assert checks.read_line("e" + f"\u0301{between}" * (MAX_MARKS + 1), 50, WHAT, "subject") is None
    assert [error.code for error in checks.errors] == [UserErrorCode.INVALID]


@pytest.mark.parametrize("read", [compose, has_visible_character])
def test_a_text_with_few_marks_is_kept(read: Callable[[str], object]) -> None:
    assert read("Việt Nam " * 20 + "e\u0301" * 50)


def test_long_texts_are_found_at_every_depth_of_an_input() -> None:
    long = "x" * (MAX_RAW_LENGTH + 1)
    filter_ = {"any_of": [{"search": long}, {"tag": ["a", long]}], "country": ["DE"]}
    view = SaveCustomerView(name="n" * MAX_RAW_LENGTH, filter=filter_)
    assert list(find_long_texts(view)) == [
        (("filter", "any_of", 0, "search"), len(long)),
        (("filter", "any_of", 1, "tag", 1), len(long)),
    ]
    request = RequestHelpdesk(topic=HelpdeskTopic.OTHER, subject=long, message=long, customer=ABSENT)
    with pytest.raises(InputRejected) as raised:
        check_text_lengths(request)
    assert [(error.code, error.path.steps) for error in raised.value.user_errors] == [
        (UserErrorCode.TOO_LONG, ("subject",)),
        (UserErrorCode.TOO_LONG, ("message",)),
    ]


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        (" ada@partner.example ", "ada@partner.example"),
        ("ada", None),
        ("", None),
        ("a" * MEBIBYTE + "@partner.example", None),
        ("a" + "\u0301" * 1_000 + "@partner.example", None),
    ],
)
def test_an_address_is_read(typed: str, email: str | None) -> None:
    assert read_email(typed) == email
