"""The files of rejected records: paths, headers and the original of what cannot be parsed."""

from pathlib import Path

import orjson
import pytest

from domain.failures import OperatorError
from domain.imports.records import ImportKind
from jobs.imports.records import RejectedRecord
from jobs.imports.rejected_files import choose_paths, format_rejected_object, format_rejected_row, open_for_writing

CALLS, CUSTOMERS = ImportKind.CALLS, ImportKind.CUSTOMERS
HEADER = ("Report ID", "Org UUID")


def row(raw: bytes, header: tuple[str, ...] = HEADER) -> RejectedRecord:
    return RejectedRecord(3, "R-1", "Org UUID", "is missing", raw, header)


def test_one_kind_has_the_given_path() -> None:
    assert choose_paths(Path("r.csv"), [CALLS]) == {CALLS: Path("r.csv")}


def test_tables_beside_objects_have_a_path_of_their_own() -> None:
    paths = choose_paths(Path("r.ndjson"), [CUSTOMERS, CALLS, ImportKind.TRIALS])
    assert paths == {CUSTOMERS: Path("r.ndjson"), CALLS: Path("r.calls.csv"), ImportKind.TRIALS: Path("r.ndjson")}


def test_kinds_with_the_same_path_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    path.write_text("from an earlier run")
    rejected = RejectedRecord(1, None, None, "is not JSON", b"{")
    with open_for_writing(choose_paths(path, [CUSTOMERS, ImportKind.TRIALS])) as files:
        files.write(CUSTOMERS, rejected)
        files.write(ImportKind.TRIALS, rejected)
    kinds = [orjson.loads(line)["_refused"]["kind"] for line in path.read_bytes().splitlines()]
    assert kinds == ["customers", "trials"]


def test_the_first_form_of_a_kind_is_kept_and_the_other_is_stored_as_text(tmp_path: Path) -> None:
    as_object = RejectedRecord(2, "R-2", "Org UUID", "is missing", b'{"Report ID":"R-2"}')
    for name, first, second in (("a", row(b"R-1,"), as_object), ("b", as_object, row(b"R-1,"))):
        with open_for_writing({CALLS: tmp_path / name, CUSTOMERS: tmp_path / "c"}) as files:
            files.write(CALLS, first)
            files.write(CALLS, second)
            files.write(CUSTOMERS, RejectedRecord(1, None, None, "is not JSON", b"{"))
        assert orjson.loads((tmp_path / "c").read_bytes())["_refused"]["raw"] == "{"
    rows = (tmp_path / "a").read_text().splitlines()
    assert rows[1:] == ["R-1,,3,Org UUID,is missing,", ',,2,Org UUID,is missing,"{""Report ID"":""R-2""}"']
    objects = [orjson.loads(line) for line in (tmp_path / "b").read_bytes().splitlines()]
    assert (objects[0]["Report ID"], objects[1]["_refused"]["raw"]) == ("R-2", "R-1,")


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    paths = {CUSTOMERS: tmp_path / "missing" / "r.ndjson"}
    with pytest.raises(OperatorError, match="cannot be written"), open_for_writing(paths):
        pass


def test_a_header_is_written_once_for_equal_rows_and_again_for_another(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    with open_for_writing({CALLS: path}) as files:
        for header in (HEADER, HEADER, (*HEADER, "Duration")):
            files.write(CALLS, row(b"R-1,", header))
    lines = path.read_text().splitlines()
    assert [line.startswith("Report ID") for line in lines] == [True, False, False, True, False]
    assert lines[0].endswith("_refused line,_refused field,_refused reason,_refused raw")


def test_an_object_keeps_its_fields_and_gets_the_reason() -> None:
    rejected = RejectedRecord(2, "C-1", "name", "is missing", b'{"externalId": "C-1"}')
    written = orjson.loads(format_rejected_object(CUSTOMERS, rejected))
    assert written == {
        "externalId": "C-1",
        "_refused": {"kind": "customers", "line": 2, "field": "name", "reason": "is missing"},
    }


@pytest.mark.parametrize("raw", [b"[1]", b"\xff", b"{"])
def test_what_is_no_object_is_stored_as_text(raw: bytes) -> None:
    written = orjson.loads(format_rejected_object(CUSTOMERS, RejectedRecord(1, None, None, "wrong", raw)))
    assert written["_refused"]["raw"] == raw.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        (b'R-1,"C,1"', 'R-1,"C,1",3,Org UUID,is missing,\n'),
        (b"R-1", ",,3,Org UUID,is missing,R-1\n"),
        (b"\xff,C-1", ',,3,Org UUID,is missing,"\\xff,C-1"\n'),
        (b'"open,C-1', ',,3,Org UUID,is missing,"""open,C-1"\n'),
    ],
)
def test_a_row_keeps_its_cells_and_anything_else_is_stored_in_the_last_cell(raw: bytes, written: str) -> None:
    assert format_rejected_row(row(raw)).decode() == written
