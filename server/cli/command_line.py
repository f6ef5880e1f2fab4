"""The command line `partnerhub`: commands, arguments and help; every command with a database takes --data DIR."""

import asyncio
import os
import sys
from datetime import date
from pathlib import Path
from typing import Final

import click

from domain.failures import OperatorError
from domain.time.instants import parse_date
from server.app.settings import read_settings
from server.cli import commands, token_commands
from server.cli.export_options import exports_application
from server.cli.options import PATH, Group, data_option, partner_option
from server.cli.terminal import printable
from store.database.clock import utc_now

application: Final = Group("partnerhub", help="The GraphQL API behind a partner hub.")
partner_application: Final = Group("partner", help="Tenants.")
tokens_application: Final = Group("tokens", help="Service tokens: which there are, and an end to them.")
jobs_application: Final = Group("jobs", help="Work that runs later.")
DEFAULT_PORT: Final = 8000
optional_partner_option = click.option("--partner", metavar="ID", help="The partner's id.")
host_option = click.option("--host", default="127.0.0.1", help="The address to listen on.")
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, help="The port to listen on; 0 takes a free one."
)


@application.command()
@host_option
@port_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="The number of server processes.")
@click.option(
    "--development-sign-in",
    metavar="ID",
    help="Let pages on this machine sign in as administrators of this partner, without a password.",
)
@data_option
def serve(host: str, port: int, workers: int, development_sign_in: str | None, data: Path | None) -> None:
    """Serve the API; prints `ready http://…` when it is ready."""
    # To import the whole server takes a second, which the other commands save.
    from server import serving

    if development_sign_in is not None:
        os.environ["PARTNERHUB_DEVELOPMENT_SIGN_IN"] = development_sign_in
    serving.serve(read_settings(), data, host, port, workers)


@application.command()
@host_option
@port_option
@click.option(
    "--customers", type=click.IntRange(1), default=2000, help="The number of customers of the sample partner."
)
@click.option(
    "--activity/--no-activity",
    default=True,
    help="Deliver other license figures for one of its customers every few seconds.",
)
@data_option
def run(host: str, port: int, customers: int, data: Path | None, *, activity: bool) -> None:
    """Serve the API with a sample partner, and print what to paste."""
    from server.cli import sample_partner

    sample_partner.run(read_settings(), data, host, port, customers, activity=activity)


@partner_application.command("create")
@click.option("--id", "identifier", metavar="ID", required=True, help="1–40 of a–z, 0–9 and the hyphen.")
@click.option("--name", required=True, help="The display name of the partner.")
@click.option("--admin", metavar="EMAIL", required=True, help="The first FULL_ADMINISTRATOR.")
@click.option("--plan", type=PATH, metavar="FILE", help='The ordered plan: [{"product", "licenses"}] as JSON.')
@data_option
def create_partner(identifier: str, name: str, admin: str, plan: Path | None, data: Path | None) -> None:
    """Create a tenant and its first administrator."""
    asyncio.run(commands.create_partner(read_settings(), data, identifier, name, admin, plan))


@application.command()
@optional_partner_option
@click.option("--email", help="The administrator of the token.")
@click.option(
    "--scope", multiple=True, help="api (the default), or for programs: import, import:administrators; metrics."
)
@click.option("--label", default="", show_default=False, help="What a service token is for; `tokens list` shows it.")
@click.option("--ttl", type=click.IntRange(1), metavar="SECONDS", help="The lifetime of the token.")
@data_option
def token(
    partner: str | None, email: str | None, scope: tuple[str, ...], label: str, ttl: int | None, data: Path | None
) -> None:
    """Print a signed token, alone on the last line; only one for metrics needs no administrator."""
    request = token_commands.TokenRequest(partner, email, scope, ttl, label)
    asyncio.run(token_commands.print_token(read_settings(), data, request))


@tokens_application.command("list")
@optional_partner_option
@data_option
def list_tokens(partner: str | None, data: Path | None) -> None:
    """List the service tokens: scopes, state, last use (to the hour) and label."""
    asyncio.run(token_commands.list_tokens(read_settings(), data, partner))


@tokens_application.command("revoke")
@click.argument("token_id", metavar="[ID]", required=False)
@optional_partner_option
@data_option
def revoke_tokens(token_id: str | None, partner: str | None, data: Path | None) -> None:
    """Revoke the service token ID, or with --partner all of a partner; running imports with it end."""
    asyncio.run(token_commands.revoke_tokens(read_settings(), data, token_id, partner))


@application.command("import")
@click.argument("targets", metavar="KIND FILE… | DIRECTORY", nargs=-1, required=True)
@partner_option
@click.option("--refused", type=PATH, metavar="FILE", help="Write rejected records here, to correct and import again.")
@data_option
def import_files(targets: tuple[str, ...], partner: str, refused: Path | None, data: Path | None) -> None:
    """Load what upstream systems deliver: a kind and its files (- is standard input), or a directory.

    The exit status is 1 if a record was rejected.
    """
    sys.exit(asyncio.run(commands.import_files(read_settings(), data, partner, targets, refused)))


@application.command()
@click.argument("directory", metavar="DIRECTORY", type=PATH)
@click.option("--customers", metavar="N", type=click.IntRange(1), default=2000, help="The number of customers.")
@click.option("--seed", metavar="S", type=int, default=1, help="The same seed and day give the same bytes.")
@click.option("--day", metavar="YYYY-MM-DD", help="The current day of the sample; default: today.")
def sample(directory: Path, customers: int, seed: int, day: str | None) -> None:
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
@click.argument("name", metavar="NAME")
@data_option
def run_job(name: str, data: Path | None) -> None:
    """Run one job now."""
    asyncio.run(commands.run_job(read_settings(), data, name))


@application.command()
def schema() -> None:
    """Print the API's schema."""
    from schema.build import print_sdl

    print(print_sdl(), end="")


@application.command()
@data_option
@click.option(
    "--deep/--no-deep",
    help="Also compare every customer with its subscriptions, trials and invoices, the weekly sums of licenses with "
    "the snapshots, and the peer histogram with the license lines.",
)
@click.option("--repair/--no-repair", help="With --deep: correct what is wrong.")
def check(data: Path | None, *, deep: bool, repair: bool) -> None:
    """Report problems with settings, database, indexes and keys, and what to do."""
    if repair and not deep:
        raise OperatorError("--repair goes with --deep.")
    sys.exit(asyncio.run(commands.check(read_settings(), data, deep=deep, repair=repair)))


for _group in (partner_application, jobs_application, exports_application, tokens_application):
    application.add_command(_group)


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
