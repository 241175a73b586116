"""A small TCP proxy: passes bytes on both ways, and may say a few of its own before."""

import contextlib
import selectors
import socket
import threading


class Relay:
    """Listens on 127.0.0.1:`port`. `connect` makes the upstream socket; `greeting`, given the
    client's address, answers what goes upstream first."""

    def __init__(self, connect, greeting=lambda client: b""):
        self._connect = connect
        self._greeting = greeting
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                client, address = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass_on, args=(client, address), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client, address):
        with contextlib.suppress(OSError), client, self._connect() as upstream:
            upstream.sendall(self._greeting(address))
            with selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ, upstream)
                selector.register(upstream, selectors.EVENT_READ, client)
                while True:
                    for key, _ in selector.select():
                        received = key.fileobj.recv(65536)
                        if not received:
                            return
                        key.data.sendall(received)

    def close(self):
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(10)
