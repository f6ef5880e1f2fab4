"""Responses to GET requests that a client may store: it asks again each time, and gets 304 where nothing changed.

Only requests for trusted documents have short addresses that recur. The entity tag is that of the data alone: the
figures of the rate limit in `extensions` differ in every response.
"""

from collections.abc import Mapping
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response

from server.graphql.operations import GraphQLResponse

# Another user of the same browser sends another token; stored responses of the first one do not match it.
_CACHEABLE = {"cache-control": "private, no-cache", "vary": "Accept, Accept-Language, Authorization"}


def caching_headers(request: Request, response: GraphQLResponse) -> dict[str, str]:
    """Return the headers of a response to a GET that may be stored; none where it must not be stored."""
    if "query" in request.query_params or "errors" in response or "data" not in response:
        return {}
    digest = sha256(orjson.dumps(response["data"])).hexdigest()
    return {**_CACHEABLE, "ETag": f'W/"{digest[:32]}"'}


def not_modified(request: Request, headers: Mapping[str, str]) -> Response | None:
    """Return 304 where the client has stored the response with this entity tag (RFC 9110, section 13.1.2)."""
    etag = headers.get("ETag")
    stored = request.headers.get("if-none-match", "").split(",")
    if etag is None or not {etag, etag.removeprefix("W/"), "*"} & {each.strip() for each in stored}:
        return None
    return Response(status_code=304, headers={name: value for name, value in headers.items() if name != "content-type"})
