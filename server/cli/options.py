"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The directory of the embedded MongoDB.")
]
PartnerOption = Annotated[str, typer.Option("--partner", metavar="ID", help="The partner's id.")]
