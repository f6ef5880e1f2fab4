"""Settings: read once from the environment into one frozen object."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from domain.failures import OperatorError
from domain.integrations.alerts import MAX_RULES
from domain.integrations.webhook_addresses import WebhookPolicy, parse_networks
from domain.rate_limits import RateLimit, RateLimits
from server.app.connection_settings import ConnectionSettings
from server.auth.origins import origin_of


class Settings(ConnectionSettings):
    """Every setting, with its default. A test compares the table in the README with this class."""

    mongodb_uri: str | None = Field(
        default=None,
        validation_alias="MONGODB_URI",
        description="A replica set or sharded cluster, 6.0 or later; if empty, the embedded MongoDB is used",
    )
    database: str = Field(
        default="partnerhub", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="The name of the database"
    )
    driver: Literal["motor", "pymongo"] = Field(
        default="motor", description="The asynchronous driver: `motor` or `pymongo`"
    )
    data: Path = Field(default=Path(".data"), description="The directory of the embedded MongoDB")
    signing_key: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "The Ed25519 private key that signs tokens, cursors and launch addresses, as PEM or its Base64 on one "
            "line. All processes of an installation have the same"
        ),
    )
    signing_key_file: str = Field(
        default="",
        description=(
            "A file with this key instead; if both are empty, `signing-key.pem` in the directory of the embedded "
            "MongoDB. With `MONGODB_URI`, one of the two is required"
        ),
    )
    token_seconds: int = Field(default=43200, ge=60, le=2592000, description="The lifetime of issued tokens")
    token_max_seconds: int = Field(
        default=86400,
        ge=60,
        le=2592000,
        description="The longest lifetime (`exp` minus `iat`) of a token that is accepted, of any issuer",
    )
    token_service_max_seconds: int = Field(
        default=31622400,
        ge=60,
        le=158112000,
        description="The same for service tokens of `partnerhub token`, which can be revoked",
    )
    local_tokens: Literal["all", "service", "none"] = Field(
        default="all",
        description=(
            "Which tokens of `partnerhub token` are accepted: `all`, only those for programs (`service`), or `none`"
        ),
    )
    token_issuers: str = Field(
        default="",
        description=(
            "The OIDC issuers whose tokens are accepted, as JSON or as the path of a JSON file "
            "([docs/authentication.md](docs/authentication.md))"
        ),
    )
    allowed_origins: str = Field(
        default="",
        description="Origins, separated by commas, whose pages may call this server in addition to its own: `https://app.example.com`",
    )
    development_sign_in: str = Field(
        default="",
        pattern=r"^([a-z0-9-]{1,40})?$",
        description=(
            "The id of a partner: pages on this machine sign in as any of its administrators, without a password. "
            "For development; `make run` sets it"
        ),
    )
    sign_in_issuer: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="The OpenID Connect issuer where users of GraphiQL sign in; if empty, GraphiQL takes pasted tokens",
    )
    sign_in_client_id: str = Field(
        default="partnerhub", min_length=1, description="The client id of GraphiQL at this issuer, a public client"
    )
    sign_in_scope: str = Field(default="openid profile email", description="The scopes that GraphiQL asks for")
    sign_in_parameters: str = Field(
        default="",
        description="More parameters of its authorization request: `audience=https://hub.example.com&prompt=login`",
    )
    sign_in_origins: str = Field(
        default="",
        description="Other origins of the issuer's endpoints, separated by commas, which GraphiQL must be able to call",
    )
    ring_events: int = Field(
        default=10000, ge=100, description="The number of events that each process keeps in memory for feeds"
    )
    ring_minutes: int = Field(
        default=5, ge=0, le=60, description="The minutes of the log that fill this memory at the start"
    )
    index_megabytes: int = Field(
        default=200,
        ge=0,
        description=(
            "The memory in megabytes for totals and facets in each process (200,000 customers take about 40); 0 to "
            "count in MongoDB"
        ),
    )
    import_megabytes: int = Field(
        default=10000, ge=1, description="The largest import over HTTP in megabytes, also when it is unpacked"
    )
    import_idle_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="The seconds without data after which an import over HTTP ends"
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description=(
            "The address of this server for browsers; if empty, the address that `serve` listens on. "
            "Needed behind a proxy"
        ),
    )
    console_url: str = Field(
        default="https://admin.example.com/?org={externalId}",
        # Behind the host: an id must not choose the server.
        pattern=r"^https?://[^\s/?#@{}\\]+[/?#]\S*\{externalId\}\S*$",
        description=(
            "The console that a launch opens; `{externalId}`, behind the host, stands for the customer's external id"
        ),
    )
    helpdesk_name: str = Field(default="Partner helpdesk", min_length=1, description="The name of the helpdesk")
    helpdesk_phone: str = Field(default="", description="Its telephone number")
    helpdesk_email: str = Field(default="", description="Its e-mail address")
    helpdesk_hours: str = Field(default="", description="Its opening hours")
    terms_file: str = Field(
        default="",
        description=(
            "The file of the terms of service in UTF-8: lines `version: …` and `url: …` (optional), a blank line, the "
            "text in Markdown; if empty, a text that contains no terms"
        ),
    )
    trusted_documents: str = Field(
        default="",
        description=(
            "A directory with manifests of trusted documents (`*.json` of graphql-codegen, Relay or Apollo), "
            "which clients request by id or hash"
        ),
    )
    trusted_documents_only: bool = Field(
        default=False, description="Whether only trusted documents are executed; GraphiQL then has no schema"
    )
    limit_customers: int = Field(
        default=1_000_000,
        ge=1,
        description="The customers that a partner may have before no more can be created; imports are not limited",
    )
    limit_imports: int = Field(
        default=16, ge=1, description="The imports of a partner that a process receives over HTTP at once"
    )
    limit_operations_per_socket: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="The operations, subscriptions included, that run at once on a websocket",
    )
    rate_limit_administrator: int = Field(
        default=20_000,
        ge=0,
        description="The cost that each administrator may use per second in the long run; 0 for no limit",
    )
    rate_limit_administrator_burst: int = Field(
        default=400_000, ge=1, description="The cost that an administrator who was idle may use at once"
    )
    rate_limit_partner: int = Field(
        default=150_000,
        ge=0,
        description="The cost that all administrators of a partner may use per second in the long run; 0 for no limit",
    )
    rate_limit_partner_burst: int = Field(
        default=1_500_000, ge=1, description="The cost that a partner that was idle may use at once"
    )
    webhook_networks: str = Field(
        default="",
        description=(
            "Networks, separated by commas, that webhooks may reach in addition to public addresses: `10.20.0.0/16`"
        ),
    )
    webhook_http: bool = Field(
        default=False, description="Whether the address of a webhook may be http; else it is https"
    )
    alert_rules: int = Field(
        default=MAX_RULES,
        ge=1,
        le=MAX_RULES,
        description="How many alert rules the administrators of a partner may have",
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "The server that sends the e-mails of alerts: `smtp://host:port` without encryption, "
            "`smtp+starttls://user:password@host` or `smtps://user:password@host`; if empty, none are sent"
        ),
    )
    smtp_from: str = Field(
        default="", description="The sender of these e-mails, required with it: `Partner hub <hub@example.com>`"
    )
    compiled_execution: bool = Field(
        default=True,
        description=(
            "Whether operations are compiled ([docs/execution.md](docs/execution.md)); without, graphql-core "
            "executes them, several times slower, with the same results"
        ),
    )
    kept_responses_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=0,
        description=(
            "The memory in which a process keeps encoded responses to queries of customers, until an event of the "
            "partner or time can change them; 0 keeps none"
        ),
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description=(
            "A port that serves `/metrics` without a token, and the probes; 0 for none. At the main port `/metrics` "
            "always needs a token of the scope `metrics`"
        ),
    )
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="The address of this port")
    metrics_operations: str = Field(
        default="",
        description=(
            "Names of operations, separated by commas, that metrics show in addition to those of trusted documents; "
            "all others are `other`"
        ),
    )
    drain_seconds: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="The seconds for which a stopping process reports this in `/readyz` before it closes connections",
    )
    log_slow_seconds: float = Field(
        default=2.0, gt=0, le=60, description="Queries and mutations that take this long are logged as warnings"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="The log level")

    @field_validator("webhook_networks")
    @classmethod
    def _check_webhook_networks(cls, text: str) -> str:
        """Return the networks; raise ValueError for a text that is not a list of networks."""
        parse_networks(text)
        return text

    @property
    def webhook_policy(self) -> WebhookPolicy:
        """What webhooks may reach."""
        return WebhookPolicy(parse_networks(self.webhook_networks), self.webhook_http)

    @property
    def rate_limits(self) -> RateLimits:
        """The limits of an administrator and of a partner."""
        administrator = RateLimit(self.rate_limit_administrator_burst, self.rate_limit_administrator)
        partner = RateLimit(self.rate_limit_partner_burst, self.rate_limit_partner)
        return RateLimits(administrator if administrator.per_second else None, partner if partner.per_second else None)

    @property
    def origins(self) -> frozenset[str]:
        """The set of allowed origins, with that of `public_url`: a proxy may send another Host than the browser."""
        named = {origin.strip().rstrip("/") for origin in self.allowed_origins.split(",")}
        return frozenset(origin for origin in {*named, origin_of(self.public_url)} if origin)


def read_settings() -> Settings:
    """Return the settings of the environment; raise OperatorError, which names the variable, for a wrong value."""
    try:
        return Settings()
    except ValidationError as error:
        raise OperatorError("; ".join(_describe_problem(dict(problem)) for problem in error.errors())) from None


def _describe_problem(problem: dict[str, object]) -> str:
    where = problem["loc"]
    name = str(where[0]) if isinstance(where, tuple) and where else "a setting"
    variable = name if name == "MONGODB_URI" else f"PARTNERHUB_{name.upper()}"
    return f"{variable}: {problem['msg']}"
