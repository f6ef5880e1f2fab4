"""The websocket at /graphql: checks origin and subprotocol, then serves the connection."""

from starlette.websockets import WebSocket

from server.auth.origins import is_accepted_origin, log_refused_origin
from server.live.connection import WebSocketAppState, WebSocketConnection
from server.live.protocol import SUBPROTOCOL, CloseCode
from server.live.shared_feeds import shared_feeds


async def graphql_websocket(websocket: WebSocket) -> None:
    """Serve one socket until it is closed."""
    app_state: WebSocketAppState = websocket.app.state.app_state
    if not is_accepted_origin(websocket.headers, app_state.settings.origins):
        log_refused_origin(websocket.headers["origin"], websocket.url.path)
        # Closing before accepting answers 403.
        await websocket.close()
        return
    if SUBPROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, f"Use the subprotocol {SUBPROTOCOL}.")
        return
    await websocket.accept(SUBPROTOCOL)
    await WebSocketConnection(websocket, app_state, shared_feeds(websocket.app.state, app_state)).run()
