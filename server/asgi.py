"""The application factory that an ASGI server loads in each process; it reads the environment."""

from starlette.applications import Starlette

from server.app.logs import configure_library_logs
from server.app.settings import read_settings
from server.application import create_application
from server.worker_process import end_with_parent


def application() -> Starlette:
    """Return the application of this process; a worker ends with the process that started it."""
    end_with_parent()
    configure_library_logs()
    return create_application(read_settings())
