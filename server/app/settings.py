"""Settings: read once from the environment into one frozen object."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.failures import OperatorError


class Settings(BaseSettings):
    """Every setting, with its default; the README's table is tested against this class."""

    model_config = SettingsConfigDict(env_prefix="PARTNERHUB_", frozen=True, extra="ignore")

    mongodb_uri: str | None = Field(
        default=None,
        validation_alias="MONGODB_URI",
        description="A replica set or sharded cluster, 6.0 or later; without it the embedded MongoDB is used",
    )
    database: str = Field(default="partnerhub", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="The database's name")
    driver: Literal["motor", "pymongo"] = Field(default="motor", description="Which asynchronous driver to use")
    data: Path = Field(default=Path(".data"), description="Where the embedded MongoDB keeps its files")
    token_seconds: int = Field(default=43200, ge=60, le=2592000, description="How long a token from here is good for")
    allowed_origins: str = Field(
        default="", description="Origins, separated by commas, whose pages may open a websocket beside the server's own"
    )
    ring_events: int = Field(default=10000, ge=100, description="Events that each process keeps for its feeds")
    ring_minutes: int = Field(default=5, ge=0, le=60, description="How far back the ring is filled at the start")
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="Where browsers reach this server; without it the address that `serve` listens on",
    )
    console_url: str = Field(
        default="https://admin.example.com/?org={externalId}",
        pattern=r"^https?://\S*\{externalId\}\S*$",
        description="The console that a launch opens; `{externalId}` stands for the customer's external id",
    )
    helpdesk_name: str = Field(default="Partner helpdesk", min_length=1, description="What the helpdesk is called")
    helpdesk_phone: str = Field(default="", description="Its telephone number")
    helpdesk_email: str = Field(default="", description="Its e-mail address")
    helpdesk_hours: str = Field(default="", description="When somebody is there")
    drain_seconds: float = Field(
        default=1.0, ge=0, le=60, description="How long a process that is to stop says so in `/readyz` before it acts"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What the log tells")

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins one by one."""
        return frozenset(origin.strip() for origin in self.allowed_origins.split(",") if origin.strip())


def read_settings() -> Settings:
    """The environment's settings; OperatorError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise OperatorError("; ".join(_describe_problem(dict(problem)) for problem in error.errors())) from None


def _describe_problem(problem: dict[str, object]) -> str:
    where = problem["loc"]
    name = str(where[0]) if isinstance(where, tuple) and where else "a setting"
    variable = name if name == "MONGODB_URI" else f"PARTNERHUB_{name.upper()}"
    return f"{variable}: {problem['msg']}"
