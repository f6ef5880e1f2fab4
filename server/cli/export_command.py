"""`partnerhub export`: write a list to a file or to standard output, as one administrator of the partner sees it."""

import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from domain.failures import OperatorError
from domain.integrations.exports import ExportDescription
from domain.time.instants import MAX_INSTANT
from domain.types import AdministratorState
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.app.settings import Settings
from server.auth.viewer import viewer_scope
from server.cli.commands import load_partner_scope, open_client
from server.exports.stream import ExportFailed, stream_file
from server.graphql.operations import GraphQLResponse, OperationRejected, Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.tenants.administrators import Administrators


class ExportTarget(Struct, frozen=True):
    """Whose list is exported, as whom, and where to; without a file, to standard output."""

    partner_id: str
    email: str
    file: Path | None


async def run_export(
    settings: Settings, data: Path | None, target: ExportTarget, description: ExportDescription
) -> None:
    """Write the file; OperatorError where the list cannot be read, and then no file is left."""
    async with open_client(settings, data) as client:
        viewer = await _find_viewer(client, target)
        parts = stream_file(description, _QueryExecutor(settings, client, viewer).execute)
        try:
            with _open_output(target.file) as output:
                await _write(parts, output)
        except (ExportFailed, OperationRejected) as failure:
            raise OperatorError(f"The list cannot be exported: {failure}") from None


async def _find_viewer(client: Client, target: ExportTarget) -> Viewer:
    scope = await load_partner_scope(client, target.partner_id)
    administrator = await Administrators(scope).by_email(target.email)
    if administrator is None or administrator.state is not AdministratorState.ACTIVE:
        raise OperatorError(f"--email {target.email} is no active administrator of the partner {target.partner_id}.")
    return Viewer(administrator, scope.partner_id, MAX_INSTANT)


class _QueryExecutor:
    """Executes the queries of the export for the administrator. The command line has no rate limits."""

    def __init__(self, settings: Settings, client: Client, viewer: Viewer) -> None:
        self._operations = Operations(build_schema(), is_compiled=settings.compiled_execution)
        self._client, self._viewer = client, viewer

    async def execute(self, query: str, variables: Mapping[str, Any]) -> GraphQLResponse:
        operation = self._operations.prepare(query, None, variables)
        context = Context(viewer_scope(self._client, self._viewer, utc_now()), self._viewer)
        return await self._operations.execute(operation, variables, context)


async def _write(parts: AsyncIterator[bytes], output: IO[bytes]) -> None:
    async for part in parts:
        output.write(part)
    output.flush()


@contextmanager
def _open_output(file: Path | None) -> Iterator[IO[bytes]]:
    """Yield what is written to. A file gets its name when it is complete."""
    if file is None:
        yield sys.stdout.buffer
        return
    incomplete = file.with_name(f"{file.name}.part")
    try:
        with incomplete.open("wb") as output:
            yield output
        incomplete.replace(file)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        incomplete.unlink(missing_ok=True)
