"""What the built pages share: where the build is, their hashed files, and the settings of their sign-in."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.app.page_sign_in import PageSignIn
from server.http.accept import preferred_encoding

_EMPTY_SIGN_IN: Final = '<meta name="sign-in" content="" />'

_IMMUTABLE: Final = "public, max-age=31536000, immutable"


def write_sign_in(page: str, sign_in: PageSignIn | None) -> str:
    """Return the page with the settings of its sign-in, which the build leaves empty."""
    settings = orjson.dumps(sign_in.for_page()).decode() if sign_in else ""
    return page.replace(_EMPTY_SIGN_IN, f'<meta name="sign-in" content="{escape(settings)}" />')


class HashedFiles(StaticFiles):
    """Static files whose names contain a hash of their content, so browsers cache them without end."""

    def __init__(self, directory: Path, headers: Mapping[str, str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._headers = headers

    async def check_config(self) -> None:
        """Skip the check of the directory: before the build it does not exist, and each file is a 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._get_compressed(path, scope)
        response.headers.update(self._headers)
        if response.status_code in {200, 206, 304}:
            response.headers["Cache-Control"] = _IMMUTABLE
        return response

    async def _get_compressed(self, path: str, scope: Scope) -> Response:
        """Return the .gz that the build made of a script or style sheet if the client accepts it: 1.4 MB, not 5."""
        if not path.endswith((".js", ".css")):
            return await super().get_response(path, scope)
        accepts_gzip = preferred_encoding(Headers(scope=scope).get("accept-encoding", ""), ["gzip"]) is not None
        response = await super().get_response(f"{path}.gz" if accepts_gzip else path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if accepts_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response
