"""The websocket at /graphql: checks origin and subprotocol, then serves the connection."""

from starlette.websockets import WebSocket

from server.live.connection import WebSocketAppState, WebSocketConnection
from server.live.protocol import SUBPROTOCOL, CloseCode
from server.live.shared_feeds import shared_feeds


async def graphql_websocket(websocket: WebSocket) -> None:
    """Serve one socket until it is closed."""
    app_state: WebSocketAppState = websocket.app.state.app_state
    if not _is_own_origin(websocket, app_state.settings.origins):
        # Closing before accepting answers 403.
        await websocket.close()
        return
    if SUBPROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, f"Use the subprotocol {SUBPROTOCOL}.")
        return
    await websocket.accept(SUBPROTOCOL)
    await WebSocketConnection(websocket, app_state, shared_feeds(websocket.app.state, app_state)).run()


def _is_own_origin(websocket: WebSocket, allowed_origins: frozenset[str]) -> bool:
    """Return whether the page that opens the socket is ours: a browser sends its cookies for every page."""
    origin, host = websocket.headers.get("origin"), websocket.headers.get("host")
    return origin is None or origin in allowed_origins or origin in {f"http://{host}", f"https://{host}"}
