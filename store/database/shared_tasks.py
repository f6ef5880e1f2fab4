"""Tasks that several callers wait for, each through `asyncio.shield`."""

import asyncio
from typing import Any


def retrieve_failure(task: "asyncio.Future[Any]") -> None:
    """Retrieve the exception of an ended task: asyncio logs it where every caller was cancelled before.

    It is a callback for `add_done_callback`. A caller that still waits gets the exception as before.
    """
    if not task.cancelled():
        task.exception()
