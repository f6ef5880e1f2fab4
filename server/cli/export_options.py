"""The arguments and help of `partnerhub export`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from domain.failures import OperatorError
from domain.integrations.exports import CustomerColumn, ExportDescription, ExportFormat, ExportKind
from domain.types import AnalyticsProduct, CustomerOrderField, LicenseReport, OrderDirection
from server.app.settings import read_settings
from server.cli.options import DataOption, PartnerOption

exports_application = typer.Typer(
    help="Write a list to a file, as an administrator of the partner sees it.", no_args_is_help=True
)
EmailOption = Annotated[str, typer.Option("--email", help="The administrator whose customers are exported.")]
FormatOption = Annotated[ExportFormat, typer.Option("--format", case_sensitive=False, help="The form of the file.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="The file to write; default: standard output.")
]
FilterOption = Annotated[
    str | None, typer.Option("--filter", metavar="JSON", help="The filter, as in variables of the API.")
]


@exports_application.command("customers")
def export_customers(
    partner: PartnerOption,
    email: EmailOption,
    file_format: FormatOption = ExportFormat.CSV,
    output: OutputOption = None,
    raw_filter: FilterOption = None,
    order: Annotated[CustomerOrderField, typer.Option("--order", help="The sort key.")] = CustomerOrderField.NAME,
    descending: Annotated[bool, typer.Option("--descending", help="Reverse the order.")] = False,
    columns: Annotated[list[CustomerColumn] | None, typer.Option("--column", help="A column; default: all.")] = None,
    data: DataOption = None,
) -> None:
    """Export customers."""
    direction = OrderDirection.DESC if descending else OrderDirection.ASC
    variables = {"filter": _parse_filter(raw_filter), "orderBy": {"field": order.value, "direction": direction.value}}
    description = ExportDescription(ExportKind.CUSTOMERS, file_format, variables, tuple(columns or ()))
    _export(data, partner, email, output, description)


@exports_application.command("licenses")
def export_license_report(
    partner: PartnerOption,
    email: EmailOption,
    report: Annotated[LicenseReport, typer.Option("--report", case_sensitive=False, help="The report.")],
    product: Annotated[AnalyticsProduct, typer.Option("--product", case_sensitive=False, help="The product.")],
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="The window of reports that have one.")] = 90,
    file_format: FormatOption = ExportFormat.CSV,
    output: OutputOption = None,
    raw_filter: FilterOption = None,
    data: DataOption = None,
) -> None:
    """Export a license report."""
    variables = {"filter": _parse_filter(raw_filter), "product": product.value, "days": days}
    description = ExportDescription(ExportKind.LICENSE_REPORT, file_format, variables, report=report)
    _export(data, partner, email, output, description)


@exports_application.command("activity")
def export_activity(
    partner: PartnerOption,
    email: EmailOption,
    file_format: FormatOption = ExportFormat.CSV,
    output: OutputOption = None,
    raw_filter: FilterOption = None,
    data: DataOption = None,
) -> None:
    """Export the activity log."""
    description = ExportDescription(ExportKind.ACTIVITY, file_format, {"filter": _parse_filter(raw_filter)})
    _export(data, partner, email, output, description)


def _export(data: Path | None, partner: str, email: str, output: Path | None, description: ExportDescription) -> None:
    # It imports and builds the schema, which takes a third of a second; the other commands do without.
    from server.cli.export_command import ExportTarget, run_export

    asyncio.run(run_export(read_settings(), data, ExportTarget(partner, email, output), description))


def _parse_filter(text: str | None) -> Mapping[str, Any] | None:
    try:
        parsed = None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise OperatorError(f"--filter is not JSON: {error}.") from None
    if parsed is not None and not isinstance(parsed, dict):
        raise OperatorError('--filter is an object: {"status": ["EXPIRING_SOON"]}.')
    return parsed
