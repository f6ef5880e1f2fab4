"""Keeps refused lines in a form that can be mended and imported again: as JSON objects, or as rows under their header.

What says why they were refused begins with `_refused`, and is no field when it comes back.
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
from jobs.imports.csv_records import parse_cells
from jobs.imports.handlers import is_table
from jobs.imports.records import RejectedRecord

_COLUMN_PREFIX = "_refused"
_RAW_COLUMN = f"{_COLUMN_PREFIX} raw"
_REASON_COLUMNS = (f"{_COLUMN_PREFIX} line", f"{_COLUMN_PREFIX} field", f"{_COLUMN_PREFIX} reason", _RAW_COLUMN)


def choose_paths(path: Path, kinds: Sequence[ImportKind]) -> dict[ImportKind, Path]:
    """The file of each kind: the one that was named, and beside it `NAME.KIND.csv` for rows among JSON objects."""
    is_mixed = len({is_table(kind) for kind in kinds}) > 1
    return {kind: path.with_suffix(f".{kind}.csv") if is_mixed and is_table(kind) else path for kind in kinds}


class RefusedFiles:
    """The open files of one command."""

    def __init__(self, files: dict[ImportKind, BinaryIO]) -> None:
        self._files = files
        self._header: tuple[str, ...] | None = None

    def write(self, kind: ImportKind, refusal: RejectedRecord) -> None:
        """Writes one refused line, and before it the header where it stands under another one than the last."""
        if refusal.header is None:
            self._files[kind].write(format_refused_object(kind, refusal))
            return
        header = tuple(name for name in refusal.header if not name.startswith(_COLUMN_PREFIX))
        if header != self._header:
            self._header = header
            self._files[kind].write(_format_row((*header, *_REASON_COLUMNS)))
        self._files[kind].write(format_refused_row(refusal))


@contextmanager
def open_for_writing(paths: dict[ImportKind, Path]) -> Iterator[RefusedFiles]:
    """Begins every file anew; OperatorError where one cannot be written."""
    with ExitStack() as stack:
        files: dict[Path, BinaryIO] = {}
        for path in paths.values():
            if path not in files:
                files[path] = stack.enter_context(_open_file(path))
        yield RefusedFiles({kind: files[path] for kind, path in paths.items()})


def _open_file(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as problem:
        raise OperatorError(f"--refused {path} cannot be written: {problem.strerror}.") from None


def format_refused_object(kind: ImportKind, refusal: RejectedRecord) -> bytes:
    """One NDJSON line to put right and import again."""
    told: dict[str, Any] = {
        "kind": kind.value,
        "line": refusal.line,
        "field": refusal.field,
        "reason": refusal.reason,
    }
    try:
        delivered = orjson.loads(refusal.raw)
    except orjson.JSONDecodeError:
        delivered = None
    if not isinstance(delivered, dict):
        delivered, told["raw"] = {}, _decode(refusal.raw)
    earlier = delivered.pop(_COLUMN_PREFIX, None)
    if not delivered and isinstance(earlier, dict) and "raw" in earlier:
        told["raw"] = earlier["raw"]
    return orjson.dumps({**delivered, _COLUMN_PREFIX: told}) + b"\n"


def format_refused_row(refusal: RejectedRecord) -> bytes:
    """One row to put right under its own columns; what is no row stands whole in the last cell."""
    header = refusal.header or ()
    cells = _try_parse_cells(refusal.raw)
    raw = ""
    if len(cells) == len(header):
        delivered = [cell for name, cell in zip(header, cells, strict=True) if not name.startswith(_COLUMN_PREFIX)]
        if not any(delivered):
            raw = dict(zip(header, cells, strict=True)).get(_RAW_COLUMN, "")
    else:
        delivered = ["" for name in header if not name.startswith(_COLUMN_PREFIX)]
        raw = _decode(refusal.raw)
    return _format_row((*delivered, str(refusal.line), refusal.field or "", refusal.reason, raw))


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
