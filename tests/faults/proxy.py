"""A TCP proxy that a test puts between a store and its server, to spoil what the server answers."""

import contextlib
import socket
import threading
import time

SLICE = 4096


class Proxy:
    """Passes bytes between clients and a server. ``mode`` is what it does to the answers; ``spoilt`` counts them.

    ``pass`` nothing, ``cut`` hang up instead, ``delay`` 100 ms late, ``slices`` byte by byte.
    """

    def __init__(self, port):
        self.target = port
        self.mode = "pass"
        self.spoilt = 0
        self._open = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the port and all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self):
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _start(self, function, *args):
        threading.Thread(target=function, args=args, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    client.close()
                    continue
                self._open |= {client, server}
                self._start(self._carry, client, server)
                self._start(self._carry, server, client)

    def _carry(self, source, target):
        with contextlib.suppress(OSError):
            is_answer = source.getpeername()[1] == self.target  # unless it is gone already
            while data := source.recv(SLICE):
                if is_answer and self.mode != "pass":
                    self.spoilt += 1
                    if self.mode == "cut":
                        break
                    self._send_spoilt(target, data)
                else:
                    target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
            self._open.discard(one)

    def _send_spoilt(self, target, data):
        if self.mode == "delay":
            time.sleep(0.1)
            target.sendall(data)
        else:
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            for byte in data:
                target.sendall(bytes([byte]))
