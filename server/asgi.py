"""The application factory that an ASGI server loads in each process; it reads the environment."""

import ctypes
import os
import signal

from starlette.applications import Starlette

from server.app.logs import configure_library_logs
from server.app.settings import read_settings
from server.application import create_application

PARENT_VARIABLE = "PARTNERHUB_PARENT"
_PR_SET_PDEATHSIG = 1


def application() -> Starlette:
    """Return the application of this process; a worker ends with the process that started it."""
    if os.environ.get(PARENT_VARIABLE) == str(os.getppid()):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    configure_library_logs()
    return create_application(read_settings())
