"""The listening socket of a server."""

import socket
from contextlib import closing

from server.serving import open_listener


def test_connections_take_few_bytes_for_a_client_that_does_not_read() -> None:
    with open_listener("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with closing(connection):
            connection.setblocking(False)
            taken = connection.send(bytes(64 * 1024 * 1024))
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 128 * 1024
            # Beside them, those that were sent into the buffer of the client.
            assert taken < 8 * 1024 * 1024
