"""The command line `partnerhub`: commands, arguments and help; every command with a database takes --data DIR."""

import asyncio
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from domain.failures import OperatorError
from domain.time.instants import parse_date
from server.app.settings import read_settings
from server.cli import commands, token_commands
from server.cli.export_options import exports_application
from server.cli.options import DataOption, PartnerOption
from server.cli.terminal import printable
from store.database.clock import utc_now

application = typer.Typer(
    name="partnerhub",
    help="The GraphQL API behind a partner hub.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
partner_application = typer.Typer(help="Tenants.", no_args_is_help=True)
tokens_application = typer.Typer(help="Service tokens: which there are, and an end to them.", no_args_is_help=True)
jobs_application = typer.Typer(help="Work that runs later.", no_args_is_help=True)
application.add_typer(partner_application, name="partner")
application.add_typer(jobs_application, name="jobs")
application.add_typer(exports_application, name="export")
application.add_typer(tokens_application, name="tokens")

OptionalPartnerOption = Annotated[str | None, typer.Option("--partner", metavar="ID", help="The partner's id.")]
HostOption = Annotated[str, typer.Option("--host", help="The address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")]
DEFAULT_PORT = 8000


@application.command()
def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="The number of server processes.")] = 1,
    development_sign_in: Annotated[
        str | None,
        typer.Option(
            "--development-sign-in",
            metavar="ID",
            help="Let pages on this machine sign in as administrators of this partner, without a password.",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Serve the API; prints `ready http://…` when it is ready."""
    # To import the whole server takes a second, which the other commands save.
    from server import serving

    if development_sign_in is not None:
        os.environ["PARTNERHUB_DEVELOPMENT_SIGN_IN"] = development_sign_in
    serving.serve(read_settings(), data, host, port, workers)


@application.command()
def run(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    customers: Annotated[
        int, typer.Option("--customers", min=1, help="The number of customers of the sample partner.")
    ] = 2000,
    activity: Annotated[
        bool, typer.Option(help="Deliver other license figures for one of its customers every few seconds.")
    ] = True,
    data: DataOption = None,
) -> None:
    """Serve the API with a sample partner, and print what to paste."""
    from server.cli import sample_partner

    sample_partner.run(read_settings(), data, host, port, customers, activity=activity)


@partner_application.command("create")
def create_partner(
    identifier: Annotated[str, typer.Option("--id", metavar="ID", help="1–40 of a–z, 0–9 and the hyphen.")],
    name: Annotated[str, typer.Option("--name", help="The display name of the partner.")],
    admin: Annotated[str, typer.Option("--admin", metavar="EMAIL", help="The first FULL_ADMINISTRATOR.")],
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help='The ordered plan: [{"product", "licenses"}] as JSON.')
    ] = None,
    data: DataOption = None,
) -> None:
    """Create a tenant and its first administrator."""
    asyncio.run(commands.create_partner(read_settings(), data, identifier, name, admin, plan))


@application.command()
def token(
    partner: OptionalPartnerOption = None,
    email: Annotated[str | None, typer.Option("--email", help="The administrator of the token.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="api (the default), or for programs: import, import:administrators; metrics."),
    ] = None,
    label: Annotated[str, typer.Option("--label", help="What a service token is for; `tokens list` shows it.")] = "",
    ttl: Annotated[
        int | None, typer.Option("--ttl", metavar="SECONDS", min=1, help="The lifetime of the token.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Print a signed token, alone on the last line; only one for metrics needs no administrator."""
    request = token_commands.TokenRequest(partner, email, scope or [], ttl, label)
    asyncio.run(token_commands.print_token(read_settings(), data, request))


@tokens_application.command("list")
def list_tokens(partner: OptionalPartnerOption = None, data: DataOption = None) -> None:
    """List the service tokens: scopes, state, last use (to the hour) and label."""
    asyncio.run(token_commands.list_tokens(read_settings(), data, partner))


@tokens_application.command("revoke")
def revoke_tokens(
    token_id: Annotated[str | None, typer.Argument(metavar="ID", help="The id of the token.")] = None,
    partner: OptionalPartnerOption = None,
    data: DataOption = None,
) -> None:
    """Revoke a service token, or with --partner all of a partner; running imports with it end."""
    asyncio.run(token_commands.revoke_tokens(read_settings(), data, token_id, partner))


@application.command("import")
def import_files(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="KIND FILE… | DIRECTORY", help="A kind and its files (- is standard input), or a directory."
        ),
    ],
    partner: PartnerOption,
    refused: Annotated[
        Path | None,
        typer.Option("--refused", metavar="FILE", help="Write rejected records here, to correct and import again."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Load what upstream systems deliver; exit status 1 if a record was rejected."""
    raise typer.Exit(asyncio.run(commands.import_files(read_settings(), data, partner, targets, refused)))


@application.command()
def sample(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY")],
    customers: Annotated[int, typer.Option("--customers", metavar="N", min=1, help="The number of customers.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed and day give the same bytes.")] = 1,
    day: Annotated[
        str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="The current day of the sample; default: today.")
    ] = None,
) -> None:
    """Write a realistic partner as import files."""
    commands.write_sample(directory, customers, seed, _parse_day(day))


def _parse_day(text: str | None) -> date:
    if text is None:
        return utc_now().date()
    try:
        return parse_date(text)
    except ValueError as problem:
        raise OperatorError(f"--day {text} {problem}.") from None


@jobs_application.command("run")
def run_job(name: Annotated[str, typer.Argument(metavar="NAME")], data: DataOption = None) -> None:
    """Run one job now."""
    asyncio.run(commands.run_job(read_settings(), data, name))


@application.command()
def schema() -> None:
    """Print the API's schema."""
    from schema.build import print_sdl

    print(print_sdl(), end="")


@application.command()
def check(
    data: DataOption = None,
    deep: Annotated[
        bool,
        typer.Option(
            help="Also compare every customer with its subscriptions, trials and invoices, the weekly sums of licenses "
            "with the snapshots, and the peer histogram with the license lines."
        ),
    ] = False,
    repair: Annotated[bool, typer.Option(help="With --deep: correct what is wrong.")] = False,
) -> None:
    """Report problems with settings, database, indexes and keys, and what to do."""
    if repair and not deep:
        raise OperatorError("--repair goes with --deep.")
    raise typer.Exit(asyncio.run(commands.check(read_settings(), data, deep=deep, repair=repair)))


def main() -> None:
    """Run the command; print an OperatorError as one sentence, without a traceback, and exit with status 2."""
    try:
        application()
    except OperatorError as problem:
        sentence = "\n".join(map(printable, str(problem).splitlines()))
        # Only messages need rich, which is 60 modules.
        from rich.console import Console

        Console(stderr=True).print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
