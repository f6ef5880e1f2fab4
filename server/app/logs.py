"""The log: JSON on standard error, one event per line."""

import logging
import sys

import structlog

from server.telemetry.request_id import add_request_id


def configure_logs(level: str = "INFO") -> None:
    """Configure structlog for the process. JSON escapes line breaks inside values."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
