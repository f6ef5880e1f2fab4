"""The entry point `partnerhub`: imports the program with little time and memory, and runs the command."""

import gc
import sys

from server.gc_tuning import tune_gc


def main() -> None:
    """Run the command of the command line."""
    # Imports leave almost no garbage, and to look for it took 9 % of the processor time until a server is ready.
    gc.disable()
    _import_structlog()
    from server.cli import command_line

    tune_gc()
    command_line.main()


def _import_structlog() -> None:
    """Import structlog as where rich is not installed.

    It imports rich for tracebacks in color, which JSON has not: 4 MB, and 4 % of the time until a server is ready.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401

    del sys.modules["rich"]


if __name__ == "__main__":
    main()
