"""The settings of connections: what a client may send, and how long it may take."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.connections.trusted_proxies import parse_networks


class ConnectionSettings(BaseSettings):
    """docs/limits.md explains them."""

    model_config = SettingsConfigDict(env_prefix="PARTNERHUB_", frozen=True, extra="ignore")

    connection_limit: int = Field(
        default=0,
        ge=0,
        description=(
            "The connections that a process accepts; 0 stands for what the file descriptors allow, at most 20,000. "
            "More are answered with 503"
        ),
    )
    connection_limit_per_address: int = Field(
        default=200,
        ge=1,
        description=(
            "The connections that a process accepts from one client address, or from one /64 network of IPv6. "
            "More are answered with 429"
        ),
    )
    connection_requests: int = Field(
        default=500,
        ge=1,
        description=(
            "The requests that a process works on at once; more are answered with 503. Live connections do not count"
        ),
    )
    connection_header_bytes: int = Field(
        default=32768, ge=1024, le=1048576, description="The most bytes that the headers of a request have (431)"
    )
    connection_header_count: int = Field(
        default=100, ge=10, le=1000, description="The most headers that a request has (431)"
    )
    connection_url_bytes: int = Field(
        default=16384, ge=256, le=65536, description="The most bytes that the URL of a request has (414)"
    )
    connection_header_seconds: float = Field(
        default=10.0, gt=0, le=120, description="The seconds in which the headers of a request must arrive (408)"
    )
    connection_body_seconds: float = Field(
        default=10.0, gt=0, le=120, description="The seconds in which at least 1 KiB more of a body must arrive (408)"
    )
    connection_send_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description=(
            "The seconds in which a client must read at least 16 KiB more of a response; else it is disconnected"
        ),
    )
    connection_idle_seconds: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="The seconds after which a connection without a further request is closed",
    )
    connection_init_seconds: float = Field(
        default=10.0, gt=0, le=120, description="The seconds in which connection_init must arrive on a websocket (4408)"
    )
    connection_frames: int = Field(
        default=1000, ge=100, description="The most frames that a client sends on a websocket in a second (1008)"
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description=(
            "Addresses and networks, separated by commas, of the reverse proxies whose reports of the client's address "
            "and scheme are believed"
        ),
    )
    trusted_proxy_header: Literal["X-Forwarded-For", "Forwarded"] = Field(
        default="X-Forwarded-For",
        description=(
            "The header in which they report the client: `X-Forwarded-For` (with X-Forwarded-Proto) or `Forwarded`. "
            "The proxies must set it"
        ),
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, text: str) -> str:
        parse_networks(text)
        return text
