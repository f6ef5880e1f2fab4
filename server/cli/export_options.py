"""The arguments and help of `partnerhub export`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from domain.failures import OperatorError
from domain.integrations.exports import CustomerColumn, ExportDescription, ExportFormat, ExportKind
from domain.types import AnalyticsProduct, CustomerOrderField, LicenseReport, OrderDirection
from server.app.settings import read_settings
from server.cli.options import PATH, Command, Group, choice_option, data_option, partner_option

exports_application = Group("export", help="Write a list to a file, as an administrator of the partner sees it.")
_COMMON_OPTIONS = (
    partner_option,
    click.option("--email", required=True, help="The administrator whose customers are exported."),
    choice_option("--format", "file_format", ExportFormat, default=ExportFormat.CSV, help="The form of the file."),
    click.option("--output", type=PATH, metavar="FILE", help="The file to write; default: standard output."),
    click.option("--filter", "raw_filter", metavar="JSON", help="The filter, as in variables of the API."),
    data_option,
)


def _common_options(command: Command) -> Command:
    for option in reversed(_COMMON_OPTIONS):
        command = option(command)
    return command


@exports_application.command("customers")
@_common_options
@choice_option(
    "--order", "order", CustomerOrderField, case_sensitive=True, default=CustomerOrderField.NAME, help="The sort key."
)
@click.option("--descending", is_flag=True, help="Reverse the order.")
@choice_option(
    "--column", "columns", CustomerColumn, case_sensitive=True, multiple=True, help="A column; default: all."
)
def export_customers(
    partner: str,
    email: str,
    file_format: ExportFormat,
    output: Path | None,
    raw_filter: str | None,
    order: CustomerOrderField,
    columns: tuple[CustomerColumn, ...],
    data: Path | None,
    *,
    descending: bool,
) -> None:
    """Export customers."""
    direction = OrderDirection.DESC if descending else OrderDirection.ASC
    variables = {"filter": _parse_filter(raw_filter), "orderBy": {"field": order.value, "direction": direction.value}}
    description = ExportDescription(ExportKind.CUSTOMERS, file_format, variables, columns)
    _export(data, partner, email, output, description)


@exports_application.command("licenses")
@_common_options
@choice_option("--report", "report", LicenseReport, required=True, help="The report.")
@choice_option("--product", "product", AnalyticsProduct, required=True, help="The product.")
@click.option("--days", type=click.IntRange(1, 365), default=90, help="The window of reports that have one.")
def export_license_report(
    partner: str,
    email: str,
    file_format: ExportFormat,
    output: Path | None,
    raw_filter: str | None,
    report: LicenseReport,
    product: AnalyticsProduct,
    days: int,
    data: Path | None,
) -> None:
    """Export a license report."""
    variables = {"filter": _parse_filter(raw_filter), "product": product.value, "days": days}
    description = ExportDescription(ExportKind.LICENSE_REPORT, file_format, variables, report=report)
    _export(data, partner, email, output, description)


@exports_application.command("activity")
@_common_options
def export_activity(
    partner: str,
    email: str,
    file_format: ExportFormat,
    output: Path | None,
    raw_filter: str | None,
    data: Path | None,
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
