"""The entry point `partnerhub`: imports the program without garbage collection, and runs the command."""

import gc

from server.gc_tuning import tune_gc


def main() -> None:
    """Run the command of the command line."""
    # Imports leave almost no garbage, and to look for it took 9 % of the processor time until a server is ready.
    gc.disable()
    from server.cli import command_line

    tune_gc()
    command_line.main()


if __name__ == "__main__":
    main()
