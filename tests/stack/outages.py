"""Servers that can be taken away: what goes to one passes through here, until the way is cut."""

import socket
import threading
from contextlib import suppress
from types import TracebackType

HOST = "127.0.0.1"
PIECE = 65_536


class Way:
    """A port of this machine that leads to another. While it is cut nobody listens there and nothing that was open
    goes on: what clients see when the server is stopped.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = self._listen(0)

    def __enter__(self) -> "Way":
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.cut()

    def cut(self) -> None:
        """Take the server away."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, set()
        if listener:
            # Merely closed it would take one more connection: the thread that waits for it holds it open.
            _close(listener)
        for end in ends:
            _close(end)

    def mend(self) -> None:
        """Bring it back, on the same port."""
        self._listen(self.port)

    def _listen(self, port: int) -> int:
        """Returns the port, which is another where none was asked for (0)."""
        self._listener = listener = socket.create_server((HOST, port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection((HOST, self._target_port), timeout=5)
            except OSError:
                return
            far.settimeout(None)
            with self._lock:
                is_cut = listener is not self._listener
                self._open |= set() if is_cut else {near, far}
            if is_cut:
                _close(near)
                _close(far)
                return
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(PIECE):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {source, sink}
            _close(source)
            _close(sink)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
