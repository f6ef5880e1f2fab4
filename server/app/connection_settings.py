"""The settings of connections: what a client may send, and how long it may take."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ConnectionSettings(Struct, frozen=True, kw_only=True):
    """docs/limits.md explains them."""

    connection_limit: Annotated[
        int,
        Meta(
            ge=0,
            description=(
                "The connections that a process accepts; 0 stands for what the file descriptors allow, at most "
                "20,000. More are answered with 503"
            ),
        ),
    ] = 0
    connection_limit_per_address: Annotated[
        int,
        Meta(
            ge=1,
            description=(
                "The connections that a process accepts from one client address, or from one /64 network of IPv6. "
                "More are answered with 429"
            ),
        ),
    ] = 200
    connection_requests: Annotated[
        int,
        Meta(
            ge=1,
            description=(
                "The requests that a process works on at once; more are answered with 503. Live connections do not "
                "count"
            ),
        ),
    ] = 500
    connection_header_bytes: Annotated[
        int, Meta(ge=1024, le=1048576, description="The most bytes that the headers of a request have (431)")
    ] = 32768
    connection_header_count: Annotated[
        int, Meta(ge=10, le=1000, description="The most headers that a request has (431)")
    ] = 100
    connection_url_bytes: Annotated[
        int, Meta(ge=256, le=65536, description="The most bytes that the URL of a request has (414)")
    ] = 16384
    connection_header_seconds: Annotated[
        float, Meta(gt=0, le=120, description="The seconds in which the headers of a request must arrive (408)")
    ] = 10.0
    connection_body_seconds: Annotated[
        float, Meta(gt=0, le=120, description="The seconds in which at least 1 KiB more of a body must arrive (408)")
    ] = 10.0
    connection_send_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=120,
            description=(
                "The seconds in which a client must read at least 16 KiB more of a response; else it is disconnected"
            ),
        ),
    ] = 10.0
    connection_idle_seconds: Annotated[
        float,
        Meta(gt=0, le=600, description="The seconds after which a connection without a further request is closed"),
    ] = 10.0
    connection_init_seconds: Annotated[
        float, Meta(gt=0, le=120, description="The seconds in which connection_init must arrive on a websocket (4408)")
    ] = 10.0
    connection_frames: Annotated[
        int, Meta(ge=100, description="The most frames that a client sends on a websocket in a second (1008)")
    ] = 1000
    trusted_proxies: Annotated[
        str,
        Meta(
            description=(
                "Addresses and networks, separated by commas, of the reverse proxies whose reports of the client's "
                "address and scheme are believed"
            )
        ),
    ] = "127.0.0.1,::1"
    trusted_proxy_header: Annotated[
        Literal["X-Forwarded-For", "Forwarded"],
        Meta(
            description=(
                "The header in which they report the client: `X-Forwarded-For` (with X-Forwarded-Proto) or "
                "`Forwarded`. The proxies must set it"
            )
        ),
    ] = "X-Forwarded-For"
