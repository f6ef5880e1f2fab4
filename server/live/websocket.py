"""The websocket at /graphql: who may open one, and in which protocol."""

from starlette.websockets import WebSocket

from server.live.connection import WebSocketAppState, WebSocketConnection
from server.live.protocol import SUBPROTOCOL, CloseCode
from server.live.shared_feeds import shared_feeds


async def graphql_websocket(websocket: WebSocket) -> None:
    """Serves one socket until it is closed."""
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


def _is_own_origin(websocket: WebSocket, allowed: frozenset[str]) -> bool:
    """A browser names the page's origin, and sends along what it holds for us: foreign pages must not get in."""
    origin, host = websocket.headers.get("origin"), websocket.headers.get("host")
    return origin is None or origin in allowed or origin in {f"http://{host}", f"https://{host}"}
