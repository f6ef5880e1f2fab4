"""`partnerhub import`: files, standard input or a directory into a partner, with progress on a terminal."""

import sys
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from domain.failures import InvalidStream, OperatorError, Unavailable
from domain.imports.records import ImportKind
from jobs.imports.records import RejectedRecord
from jobs.imports.rejected_files import RejectedFiles, choose_paths, open_for_writing
from jobs.imports.runner import ImportSummary, import_stream
from jobs.imports.streams import BrokenGzip, gunzip, read_chunks
from server.cli.terminal import printable
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope

STANDARD_INPUT = "-"


class Source(NamedTuple):
    """One stream to load: its kind, and its file or `-`."""

    kind: ImportKind
    name: str

    @property
    def is_standard_input(self) -> bool:
        """Whether the stream is standard input."""
        return self.name == STANDARD_INPUT


async def run_import(
    client: Client,
    partner_id: str,
    targets: Sequence[str],
    refused: Path | None,
    output: Console | None = None,
    messages: Console | None = None,
) -> int:
    """Load the targets in order; return the exit status: 1 if a record or a whole file was rejected.

    Summaries go to `output` (standard output), rejections and the progress bar to `messages` (standard error).
    """
    output = output or Console(soft_wrap=True)
    messages = messages or Console(stderr=True, soft_wrap=True)
    sources = find_sources(targets, messages)
    paths = {} if refused is None else choose_paths(refused, [source.kind for source in sources])
    _check_files(sources, set(paths.values()))
    total, has_rejected_file = ImportSummary(), False
    with ExitStack() as stack:
        refused_files = stack.enter_context(open_for_writing(paths)) if paths else None
        progress = stack.enter_context(_progress_bar(messages))
        for source in sources:
            try:
                summary = await _load_source(client, partner_id, source, refused_files, progress)
            except InvalidStream as problem:
                has_rejected_file = True
                rejected = f"{printable(source.name)}: {problem} Nothing of this file was loaded."
                messages.print(rejected, markup=False, highlight=False)
                continue
            total.add(summary)
            output.print(f"{printable(source.name)}: {_format_summary(summary)}", markup=False, highlight=False)
    if len(sources) > 1:
        output.print(f"all: {_format_summary(total)}", markup=False, highlight=False)
    return 1 if total.refused or has_rejected_file else 0


def find_sources(targets: Sequence[str], messages: Console) -> list[Source]:
    """Return the streams that `KIND FILE…` or `DIRECTORY` names, in the order of loading; OperatorError if none."""
    first, *files = targets
    if first in set(ImportKind):
        if not files:
            raise OperatorError(f"Name the files with {first}, or - for standard input.")
        return [Source(ImportKind(first), name) for name in files]
    if files or not Path(first).is_dir():
        raise OperatorError(f"{first} is neither a directory nor a kind; kinds are {', '.join(ImportKind)}.")
    names = sorted(path.name for path in Path(first).iterdir() if path.is_file())
    sources = [Source(kind, str(Path(first, name))) for kind in ImportKind for name in names if name.startswith(kind)]
    for name in names:
        if not name.startswith(tuple(ImportKind)):
            messages.print(
                f"{printable(name)}: passed over, its name does not begin with a kind", markup=False, highlight=False
            )
    if not sources:
        raise OperatorError(f"No file in {first} begins with a kind; kinds are {', '.join(ImportKind)}.")
    return sources


def _check_files(sources: Sequence[Source], refused: Collection[Path]) -> None:
    """Check all files before the first one is loaded."""
    for source in sources:
        if source.is_standard_input:
            continue
        if not Path(source.name).is_file() and not Path(source.name).is_fifo():
            raise OperatorError(f"There is no file {source.name}.")
        for path in refused:
            if path.exists() and path.samefile(source.name):
                raise OperatorError(f"--refused {path} is the file that is loaded: name another one.")


@contextmanager
def _progress_bar(messages: Console) -> Iterator[Progress]:
    """Show a progress bar for each file, on a terminal only."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[lines]:,} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as progress:
        yield progress


async def _load_source(
    client: Client, partner_id: str, source: Source, refused_files: RejectedFiles | None, progress: Progress
) -> ImportSummary:
    task = progress.add_task(printable(source.name), total=_byte_count(source), lines=0)

    def report(rejected: RejectedRecord) -> None:
        location = f"{printable(source.name)}:{rejected.line}"
        message = f"{location} {printable(rejected.key)} {printable(rejected.field)} {printable(rejected.reason)}"
        progress.console.print(message, markup=False, highlight=False, emoji=False, soft_wrap=True)
        if refused_files is not None:
            refused_files.write(source.kind, rejected)

    def update_progress(summary: ImportSummary) -> None:
        progress.update(task, lines=summary.lines)

    scope = Scope(client, partner_id, utc_now())
    with ExitStack() as stack:
        chunks = read_chunks(stack.enter_context(_open_source(source)), lambda count: progress.advance(task, count))
        try:
            return await import_stream(scope, source.kind, _decompress(source, chunks), report, update_progress)
        except BrokenGzip as broken:
            raise OperatorError(f"{source.name}: {broken} The lines before that were loaded.") from None
        except (Unavailable, PyMongoError) as failure:
            raise OperatorError(
                f"{source.name}: the database does not answer ({failure}). "
                "Repeat the command when it does: lines that are in already change nothing."
            ) from failure


@contextmanager
def _open_source(source: Source) -> Iterator[BinaryIO]:
    if source.is_standard_input:
        yield sys.stdin.buffer
        return
    with _open_file(source) as file:
        yield file


def _open_file(source: Source) -> BinaryIO:
    try:
        return Path(source.name).open("rb")
    except OSError as problem:
        raise OperatorError(f"{source.name} cannot be read: {problem.strerror}.") from None


def _byte_count(source: Source) -> int | None:
    """Return the number of bytes to read; None if it is unknown."""
    return None if source.is_standard_input else Path(source.name).stat().st_size or None


def _decompress(source: Source, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    return gunzip(chunks) if source.name.endswith(".gz") else chunks


def _format_summary(summary: ImportSummary) -> str:
    return ", ".join(f"{getattr(summary, name):,} {name}" for name in ImportSummary.__struct_fields__)
