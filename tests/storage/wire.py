"""What goes over the wire, counted by somebody between the two ends."""

import re
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")


class CountingProxy:
    """Passes every byte on, and notes method and path of each request. A context manager."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sent: list[bytearray] = []
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def requests(self) -> list[tuple[str, str]]:
        """In their order, connection by connection. A body that looks like a request would count, too."""
        found = (match for sent in self._sent for match in REQUEST.findall(bytes(sent)))
        return [(method.decode(), path.decode()) for method, path in found]

    def __enter__(self) -> "CountingProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                far = socket.create_connection(self._behind)
                self._sent.append(bytearray())
                for source, sink, note in ((near, far, self._sent[-1]), (far, near, bytearray())):
                    threading.Thread(target=_pump, args=(source, sink, note), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, note: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            note += data
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
