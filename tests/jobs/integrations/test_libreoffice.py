"""Exported files, opened by LibreOffice without a window: every cell is what was exported, and none is a formula."""

import csv
import subprocess
from pathlib import Path
from shutil import which

import pytest

from domain.integrations.exports import ExportFormat
from tests.jobs.integrations.test_export_files import ROWS, TITLES, written

# Commas, quotes, UTF-8, from the first line.
_CSV = "44,34,76,1"
# In a spreadsheet, a text stays a text also where it looks like a number, a date or an error.
TEXTS = [
    "007",
    "2026-11-29",
    "1e5",
    "#REF!",
    "TRUE",
    " x ",
    "",
    "\t=1",
    '=HYPERLINK("http://x.example")',
    "日本 🙂",
    "'a",
]
ROWS_OF_TEXTS = [[text, None, None, None, None, None] for text in TEXTS]
CELLS = [
    TITLES,
    ['Acme, "Ltd"\nÄ & <b>', "3", "2.5", "", "true", "A; B"],
    ["'=1+1", "-7", "-0.5", "", "false", ""],
    ["'+1", "0", "0", "'-1", "false", "'@x"],
]
CELLS_OF_TEXTS = [[f"'{text}" if text.startswith(("=", "\t")) else text, "", "", "", "", ""] for text in TEXTS]


@pytest.mark.skipif(which("soffice") is None, reason="LibreOffice is missing: make programs")
def test_libreoffice_reads_the_cells_that_were_exported(tmp_path: Path) -> None:
    cells = _open(tmp_path, "table.csv", written(ExportFormat.CSV, ROWS))
    # In CSV it recognizes true and false.
    assert [[{"TRUE": "true", "FALSE": "false"}.get(cell, cell) for cell in row] for row in cells] == CELLS
    assert _open(tmp_path, "sheet.xlsx", written(ExportFormat.XLSX, ROWS + ROWS_OF_TEXTS)) == CELLS + CELLS_OF_TEXTS


def _open(folder: Path, name: str, content: bytes) -> list[list[str]]:
    """Let LibreOffice open the file and save the cells that it reads; return these."""
    (folder / name).write_bytes(content)
    # Without a window, LibreOffice asks for no encoding.
    options = [f"--infilter=CSV:{_CSV}"] if name.endswith(".csv") else []
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", *options]
    saved = folder / "saved"
    command += ["--convert-to", f"csv:Text - txt - csv (StarCalc):{_CSV},,0,false,false", "--outdir", str(saved)]
    subprocess.run([*command, str(folder / name)], check=True, capture_output=True, timeout=240)
    with (saved / name).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
