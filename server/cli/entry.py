"""The entry point `partnerhub`: imports the program with little time and memory, and runs the command.

A worker of `serve --workers` imports this module as its first one, too, so that its imports also profit.
"""

import sys

from server.gc_tuning import pause_gc, tune_gc


def _import_structlog() -> None:
    """Import structlog as where rich is not installed.

    It imports rich for tracebacks in color, which JSON has not: 4 MB, and 4 % of the time until a server is ready.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401

    del sys.modules["rich"]


pause_gc()
_import_structlog()


def main() -> None:
    """Run the command of the command line."""
    from server.cli import command_line

    tune_gc()
    command_line.main()


if __name__ == "__main__":
    main()
