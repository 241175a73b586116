"""A server that answers each request with bytes that a test has written, right or wrong."""

import contextlib
import json
import os
import socket
import threading


def http(status, body=b"", fields=""):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return (f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode()
            + body)


class ScriptedServer:
    """with ScriptedServer(path, {"GET /api/x": http(200, [])}) as server: …

    A script's value is bytes, or a function that is given the connection. Longer beginnings come
    first; "" is for everything else. Requests are kept in `requests`, whole.
    """

    def __init__(self, path, script):
        self.path = str(path)
        self.script = script
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.ending = threading.Event()

    def __enter__(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                while request := self.read_request(connection):
                    self.requests.append(request)
                    line = request.split("\r\n", 1)[0]
                    answer = next(self.script[key] for key in
                                  sorted(self.script, key=len, reverse=True)
                                  if line.startswith(key))
                    if callable(answer):
                        answer(self, connection)
                        break
                    connection.sendall(answer)
                    if b"Connection: close" in answer or b"\r\n\r\n" not in answer:
                        break

    @staticmethod
    def read_request(connection):
        got = b""
        while b"\r\n\r\n" not in got:
            more = connection.recv(65536)
            if not more:
                return ""
            got += more
        head, body = got.split(b"\r\n\r\n", 1)
        size = 0
        for field in head.decode().split("\r\n")[1:]:
            name, value = field.split(":", 1)
            if name.lower() == "content-length":
                size = int(value)
        while len(body) < size:
            body += connection.recv(65536)
        return (head + b"\r\n\r\n" + body).decode()
