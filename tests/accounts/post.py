"""A mail server on 127.0.0.1 that takes mails, after it has turned some callers away."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from email.message import EmailMessage


class PostOffice(socketserver.ThreadingTCPServer):
    """What it took: `mails`. to_turn_away: how many more callers it says 421 to."""

    daemon_threads = True

    def __init__(self, *, turn_away: int = 0) -> None:
        self.mails: list[EmailMessage] = []
        self.to_turn_away = turn_away
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as Python's client speaks."""

    server: PostOffice

    def handle(self) -> None:
        if self.server.to_turn_away:
            self.server.to_turn_away -= 1
            self.say("421 come back later")
            return
        self.say("220 post office")
        while line := self.rfile.readline().decode().strip():
            command = line.split(" ")[0].upper()
            if command == "DATA":
                self.say("354 go on")
                self.server.mails.append(message_from_string(self.read_mail(), policy=policy.default))
            self.say("221 bye" if command == "QUIT" else "250 ok")
            if command == "QUIT":
                return

    def read_mail(self) -> str:
        lines: list[str] = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        return "".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def open_post_office(*, turn_away: int = 0) -> Iterator[PostOffice]:
    with PostOffice(turn_away=turn_away) as office:
        threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield office
        finally:
            office.shutdown()
