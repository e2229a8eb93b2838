import socket

import pytest

from tests.storage.hostile import SECRET, answer, connects, serving


@pytest.fixture(autouse=True)
def _count_from_zero():
    connects.clear()


@pytest.fixture(scope="module")
def canary():
    with serving(answer(SECRET), host="0.0.0.0") as server:
        yield server


@pytest.fixture
def names(monkeypatch):
    """Name servers of our own: `names[host]` is the list of successive answers, the last one for ever."""
    table: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host, port, *arguments, **options):
        if host not in table:
            return real(host, port, *arguments, **options)
        answers = table[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for address in found for row in real(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table
