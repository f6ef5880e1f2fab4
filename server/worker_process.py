"""Worker processes end with the process that started them."""

import ctypes
import os
import signal

PARENT_VARIABLE = "PARTNERHUB_PARENT"
_PR_SET_PDEATHSIG = 1


def become_parent() -> None:
    """Let the processes that this one starts know it."""
    os.environ[PARENT_VARIABLE] = str(os.getpid())


def end_with_parent() -> None:
    """End when the process that called `become_parent` ends, where it is the parent of this one."""
    if os.environ.get(PARENT_VARIABLE) == str(os.getppid()):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
