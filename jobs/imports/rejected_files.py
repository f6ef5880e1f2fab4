"""Writes rejected records in a form that can be corrected and imported again: JSON objects, or rows under a header.

The reason stands in fields whose names begin with `_refused`; a later import ignores them.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from domain.failures import OperatorError
from domain.imports.records import ImportKind
from jobs.imports.csv_rows import parse_cells
from jobs.imports.handlers import is_table
from jobs.imports.records import RejectedRecord

_COLUMN_PREFIX = "_refused"
_RAW_COLUMN = f"{_COLUMN_PREFIX} raw"
_REASON_COLUMNS = (f"{_COLUMN_PREFIX} line", f"{_COLUMN_PREFIX} field", f"{_COLUMN_PREFIX} reason", _RAW_COLUMN)


def choose_paths(path: Path, kinds: Sequence[ImportKind]) -> dict[ImportKind, Path]:
    """Return the path per kind: the given one, or `NAME.KIND.csv` for tables where there are JSON kinds too."""
    is_mixed = len({is_table(kind) for kind in kinds}) > 1
    return {kind: path.with_suffix(f".{kind}.csv") if is_mixed and is_table(kind) else path for kind in kinds}


class RejectedFiles:
    """The open files of one command."""

    def __init__(self, files: dict[ImportKind, BinaryIO]) -> None:
        self._files = files
        self._header: tuple[str, ...] | None = None
        self._object_kinds: set[ImportKind] = set()
        self._row_kinds: set[ImportKind] = set()

    def write(self, kind: ImportKind, rejected: RejectedRecord) -> None:
        """Write one rejected record; for a row with another header than the last row, the header first.

        The first record of a kind decides whether its file has objects or rows. The other form is kept as text.
        """
        if kind in self._object_kinds or (rejected.header is None and kind not in self._row_kinds):
            self._object_kinds.add(kind)
            self._files[kind].write(format_rejected_object(kind, rejected))
            return
        self._row_kinds.add(kind)
        if rejected.header is None:
            reason = (str(rejected.line), rejected.field or "", rejected.reason, _decode(rejected.raw))
            self._files[kind].write(_format_row((*[""] * len(self._header or ()), *reason)))
            return
        header = tuple(name for name in rejected.header if not name.startswith(_COLUMN_PREFIX))
        if header != self._header:
            self._header = header
            self._files[kind].write(_format_row((*header, *_REASON_COLUMNS)))
        self._files[kind].write(format_rejected_row(rejected))


@contextmanager
def open_for_writing(paths: dict[ImportKind, Path]) -> Iterator[RejectedFiles]:
    """Open and truncate all files; OperatorError where one cannot be written."""
    with ExitStack() as stack:
        files: dict[Path, BinaryIO] = {}
        for path in paths.values():
            if path not in files:
                files[path] = stack.enter_context(_open_file(path))
        yield RejectedFiles({kind: files[path] for kind, path in paths.items()})


def _open_file(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as problem:
        raise OperatorError(f"--refused {path} cannot be written: {problem.strerror}.") from None


def format_rejected_object(kind: ImportKind, rejected: RejectedRecord) -> bytes:
    """Return one NDJSON line that can be corrected and imported again."""
    rejection_fields: dict[str, Any] = {
        "kind": kind.value,
        "line": rejected.line,
        "field": rejected.field,
        "reason": rejected.reason,
    }
    try:
        delivered = orjson.loads(rejected.raw)
    except orjson.JSONDecodeError:
        delivered = None
    if not isinstance(delivered, dict):
        delivered, rejection_fields["raw"] = {}, _decode(rejected.raw)
    earlier = delivered.pop(_COLUMN_PREFIX, None)
    if not delivered and isinstance(earlier, dict) and "raw" in earlier:
        rejection_fields["raw"] = earlier["raw"]
    return orjson.dumps({**delivered, _COLUMN_PREFIX: rejection_fields}) + b"\n"


def format_rejected_row(rejected: RejectedRecord) -> bytes:
    """Return one row under the columns of its header; a line that is not a row is stored in the last cell."""
    header = rejected.header or ()
    cells = _try_parse_cells(rejected.raw)
    raw = ""
    if len(cells) == len(header):
        delivered = [cell for name, cell in zip(header, cells, strict=True) if not name.startswith(_COLUMN_PREFIX)]
        if not any(delivered):
            raw = dict(zip(header, cells, strict=True)).get(_RAW_COLUMN, "")
    else:
        delivered = ["" for name in header if not name.startswith(_COLUMN_PREFIX)]
        raw = _decode(rejected.raw)
    return _format_row((*delivered, str(rejected.line), rejected.field or "", rejected.reason, raw))


def _try_parse_cells(raw: bytes) -> list[str]:
    try:
        return parse_cells(raw)
    except (UnicodeDecodeError, csv.Error):
        return []


def _format_row(cells: Sequence[str]) -> bytes:
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(cells)
    return row.getvalue().encode()


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
