"""Settings: read once from the environment into one frozen object."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from domain.failures import OperatorError
from domain.integrations.alerts import MAX_RULES
from domain.integrations.webhook_addresses import WebhookPolicy, parse_networks
from domain.rate_limits import RateLimit, RateLimits
from server.app.token_settings import TokenSettings
from server.auth.issuer_settings import check_partner_id
from server.auth.origins import origin_of
from server.connections import trusted_proxies
from server.operator_input import Checks, Secret, must_match, read_fields

PREFIX: Final = "PARTNERHUB_"
_ADDRESS: Final = must_match(r"(https?://[^\s?#]+)?", "an address without a query: https://hub.example.com")
_CHECKS: Final[Checks] = {
    "database": must_match(r"[A-Za-z0-9_-]{1,38}", "1 to 38 characters of A–Z, a–z, 0–9, hyphen and underscore"),
    "development_sign_in": lambda text: check_partner_id(text) if text else None,
    "sign_in_issuer": _ADDRESS,
    "public_url": _ADDRESS,
    # Behind the host: an id must not choose the server.
    "console_url": must_match(
        r"https?://[^\s/?#@{}\\]+[/?#]\S*\{externalId\}\S*", "an address with {externalId} behind its host"
    ),
    "trusted_proxies": trusted_proxies.parse_networks,
    "webhook_networks": parse_networks,
}


class Settings(TokenSettings, frozen=True, kw_only=True):
    """Every setting, with its default. A test compares the table in the README with this class."""

    mongodb_uri: Annotated[
        str | None,
        Meta(description="A replica set or sharded cluster, 6.0 or later; if empty, the embedded MongoDB is used"),
    ] = None
    database: Annotated[str, Meta(description="The name of the database")] = "partnerhub"
    driver: Annotated[
        Literal["motor", "pymongo"], Meta(description="The asynchronous driver: `motor` or `pymongo`")
    ] = "motor"
    data: Annotated[Path, Meta(description="The directory of the embedded MongoDB")] = Path(".data")
    signing_key: Annotated[
        Secret,
        Meta(
            description=(
                "The Ed25519 private key that signs tokens, cursors and launch addresses, as PEM or its Base64 on "
                "one line. All processes of an installation have the same"
            )
        ),
    ] = Secret("")
    signing_key_file: Annotated[
        str,
        Meta(
            description=(
                "A file with this key instead; if both are empty, `signing-key.pem` in the directory of the embedded"
                " MongoDB. With `MONGODB_URI`, one of the two is required"
            )
        ),
    ] = ""
    ring_events: Annotated[
        int, Meta(ge=100, description="The number of events that each process keeps in memory for feeds")
    ] = 10000
    ring_minutes: Annotated[
        int, Meta(ge=0, le=60, description="The minutes of the log that fill this memory at the start")
    ] = 5
    index_megabytes: Annotated[
        int,
        Meta(
            ge=0,
            description=(
                "The memory in megabytes for totals and facets in each process (200,000 customers take about 40); 0 "
                "to count in MongoDB"
            ),
        ),
    ] = 200
    import_megabytes: Annotated[
        int, Meta(ge=1, description="The largest import over HTTP in megabytes, also when it is unpacked")
    ] = 10000
    import_idle_seconds: Annotated[
        float, Meta(gt=0, le=3600, description="The seconds without data after which an import over HTTP ends")
    ] = 30.0
    public_url: Annotated[
        str,
        Meta(
            description=(
                "The address of this server for browsers; if empty, the address that `serve` listens on. Needed "
                "behind a proxy"
            ),
        ),
    ] = ""
    console_url: Annotated[
        str,
        Meta(
            description=(
                "The console that a launch opens; `{externalId}`, behind the host, stands for the customer's "
                "external id"
            ),
        ),
    ] = "https://admin.example.com/?org={externalId}"
    helpdesk_name: Annotated[str, Meta(min_length=1, description="The name of the helpdesk")] = "Partner helpdesk"
    helpdesk_phone: Annotated[str, Meta(description="Its telephone number")] = ""
    helpdesk_email: Annotated[str, Meta(description="Its e-mail address")] = ""
    helpdesk_hours: Annotated[str, Meta(description="Its opening hours")] = ""
    terms_file: Annotated[
        str,
        Meta(
            description=(
                "The file of the terms of service in UTF-8: lines `version: …` and `url: …` (optional), a blank "
                "line, the text in Markdown; if empty, a text that contains no terms"
            )
        ),
    ] = ""
    trusted_documents: Annotated[
        str,
        Meta(
            description=(
                "A directory with manifests of trusted documents (`*.json` of graphql-codegen, Relay or Apollo), "
                "which clients request by id or hash"
            )
        ),
    ] = ""
    trusted_documents_only: Annotated[
        bool, Meta(description="Whether only trusted documents are executed; GraphiQL then has no schema")
    ] = False
    limit_customers: Annotated[
        int,
        Meta(
            ge=1,
            description=(
                "The customers that a partner may have before no more can be created; imports are not limited"
            ),
        ),
    ] = 1_000_000
    limit_imports: Annotated[
        int, Meta(ge=1, description="The imports of a partner that a process receives over HTTP at once")
    ] = 16
    limit_operations_per_socket: Annotated[
        int,
        Meta(ge=1, le=10_000, description="The operations, subscriptions included, that run at once on a websocket"),
    ] = 100
    rate_limit_administrator: Annotated[
        int,
        Meta(ge=0, description="The cost that each administrator may use per second in the long run; 0 for no limit"),
    ] = 20_000
    rate_limit_administrator_burst: Annotated[
        int, Meta(ge=1, description="The cost that an administrator who was idle may use at once")
    ] = 400_000
    rate_limit_partner: Annotated[
        int,
        Meta(
            ge=0,
            description=(
                "The cost that all administrators of a partner may use per second in the long run; 0 for no limit"
            ),
        ),
    ] = 150_000
    rate_limit_partner_burst: Annotated[
        int, Meta(ge=1, description="The cost that a partner that was idle may use at once")
    ] = 1_500_000
    webhook_networks: Annotated[
        str,
        Meta(
            description=(
                "Networks, separated by commas, that webhooks may reach in addition to public addresses: `10.20.0.0/16`"
            )
        ),
    ] = ""
    webhook_http: Annotated[
        bool, Meta(description="Whether the address of a webhook may be http; else it is https")
    ] = False
    alert_rules: Annotated[
        int, Meta(ge=1, le=MAX_RULES, description="How many alert rules the administrators of a partner may have")
    ] = MAX_RULES
    smtp_url: Annotated[
        Secret,
        Meta(
            description=(
                "The server that sends the e-mails of alerts: `smtp://host:port` without encryption, "
                "`smtp+starttls://user:password@host` or `smtps://user:password@host`; if empty, none are sent"
            )
        ),
    ] = Secret("")
    smtp_from: Annotated[
        str, Meta(description="The sender of these e-mails, required with it: `Partner hub <hub@example.com>`")
    ] = ""
    compiled_execution: Annotated[
        bool,
        Meta(
            description=(
                "Whether operations are compiled ([docs/execution.md](docs/execution.md)); without, graphql-core "
                "executes them, several times slower, with the same results"
            )
        ),
    ] = True
    kept_responses_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description=(
                "The memory in which a process keeps encoded responses to queries of customers, until an event of "
                "the partner or time can change them; 0 keeps none"
            ),
        ),
    ] = 16 * 1024 * 1024
    metrics_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description=(
                "A port that serves `/metrics` without a token, and the probes; 0 for none. At the main port "
                "`/metrics` always needs a token of the scope `metrics`"
            ),
        ),
    ] = 0
    metrics_host: Annotated[str, Meta(min_length=1, description="The address of this port")] = "127.0.0.1"
    metrics_operations: Annotated[
        str,
        Meta(
            description=(
                "Names of operations, separated by commas, that metrics show in addition to those of trusted "
                "documents; all others are `other`"
            )
        ),
    ] = ""
    drain_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=60,
            description=(
                "The seconds for which a stopping process reports this in `/readyz` before it closes connections"
            ),
        ),
    ] = 1.0
    log_slow_seconds: Annotated[
        float, Meta(gt=0, le=60, description="Queries and mutations that take this long are logged as warnings")
    ] = 2.0
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="The log level")] = "INFO"

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


def variable_of(name: str) -> str:
    """Return the variable of the environment from which a setting is read."""
    return name.upper() if name == "mongodb_uri" else f"{PREFIX}{name.upper()}"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the environment; raise OperatorError, which names the variable, for each wrong value."""
    variables = {name.upper(): text for name, text in environment.items()}
    texts = {
        name: variables[variable_of(name)] for name in Settings.__struct_fields__ if variable_of(name) in variables
    }
    values, mistakes = read_fields(Settings, texts, _CHECKS, are_texts=True)
    if mistakes:
        raise OperatorError("; ".join(f"{variable_of(name)}: {description}" for name, description in mistakes))
    return Settings(**values)
