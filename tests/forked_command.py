"""`partnerhub` in a process of its own that starts fast: forked from one that has imported and built everything."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

FORKSERVER = get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.preloaded"])
_PR_SET_PDEATHSIG = 1


class ForkedCommand:
    """A running command; it has the attributes of `subprocess.Popen` that tests use.

    To import the server and to build its schema takes 1.5 s of processor time, which the fork saves.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        error_file: Path | None = None,
        descriptors: int | None = None,
    ) -> None:
        """Start the command; `descriptors` is the number of files that it may open.

        Without `error_file`, its errors go to standard error.
        """
        reader, writer = FORKSERVER.Pipe(duplex=False)
        self._process = FORKSERVER.Process(
            target=_run, args=(arguments, dict(environment), writer, error_file, descriptors)
        )
        self._process.start()
        writer.close()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.stdout = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        reader.close()

    @property
    def returncode(self) -> int | None:
        """The exit status; the negative number of the signal that killed it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit status, or raise `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("partnerhub", timeout or 0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipe of the output, and wait for the end."""
        self.stdout.close()
        self.wait()


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: "Connection[Any, Any]",
    error_file: Path | None,
    descriptors: int | None,
) -> None:
    from server.cli.command_line import main

    # A killed pytest ends the process that forks, and thereby its children.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(output.fileno(), 1)
    output.close()
    if error_file is not None:
        os.dup2(os.open(error_file, os.O_WRONLY | os.O_CREAT), 2)
    sys.argv = ["partnerhub", *arguments]
    main()
