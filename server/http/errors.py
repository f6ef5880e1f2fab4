"""Requests that are rejected by HTTP's own means."""

from server.graphql.errors import TIMEOUT, InvalidRequest


class HttpError(InvalidRequest):
    """A request that is rejected before its operation runs: a status, a message and headers."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BodyLate(HttpError):
    """A body that did not arrive in time: the client may send the request again."""

    code = TIMEOUT
