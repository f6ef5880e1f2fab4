"""The settings of tokens and of the sign-in: who may call this server, and from which pages."""

from typing import Annotated, Literal

from msgspec import Meta

from server.app.connection_settings import ConnectionSettings


class TokenSettings(ConnectionSettings, frozen=True, kw_only=True):
    """docs/authentication.md explains them."""

    token_seconds: Annotated[int, Meta(ge=60, le=2592000, description="The lifetime of issued tokens")] = 43200
    token_max_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=2592000,
            description="The longest lifetime (`exp` minus `iat`) of a token that is accepted, of any issuer",
        ),
    ] = 86400
    token_service_max_seconds: Annotated[
        int,
        Meta(
            ge=60, le=158112000, description="The same for service tokens of `partnerhub token`, which can be revoked"
        ),
    ] = 31622400
    local_tokens: Annotated[
        Literal["all", "service", "none"],
        Meta(
            description=(
                "Which tokens of `partnerhub token` are accepted: `all`, only those for programs (`service`), or `none`"
            )
        ),
    ] = "all"
    token_issuers: Annotated[
        str,
        Meta(
            description=(
                "The OIDC issuers whose tokens are accepted, as JSON or as the path of a JSON file "
                "([docs/authentication.md](docs/authentication.md))"
            )
        ),
    ] = ""
    allowed_origins: Annotated[
        str,
        Meta(
            description=(
                "Origins, separated by commas, whose pages may call this server in addition to its own: "
                "`https://app.example.com`"
            )
        ),
    ] = ""
    development_sign_in: Annotated[
        str,
        Meta(
            description=(
                "The id of a partner: pages on this machine sign in as any of its administrators, without a "
                "password. For development; `make run` sets it"
            ),
        ),
    ] = ""
    sign_in_issuer: Annotated[
        str,
        Meta(
            description=(
                "The OpenID Connect issuer where users of GraphiQL sign in; if empty, GraphiQL takes pasted tokens"
            ),
        ),
    ] = ""
    sign_in_client_id: Annotated[
        str, Meta(min_length=1, description="The client id of GraphiQL at this issuer, a public client")
    ] = "partnerhub"
    sign_in_scope: Annotated[str, Meta(description="The scopes that GraphiQL asks for")] = "openid profile email"
    sign_in_parameters: Annotated[
        str,
        Meta(
            description=(
                "More parameters of its authorization request: `audience=https://hub.example.com&prompt=login`"
            )
        ),
    ] = ""
    sign_in_origins: Annotated[
        str,
        Meta(
            description=(
                "Other origins of the issuer's endpoints, separated by commas, which GraphiQL must be able to call"
            )
        ),
    ] = ""
