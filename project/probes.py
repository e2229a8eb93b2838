"""Questions to what was started: is the port free, does it answer, what did it say last."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import redis

from project.programs import reachable

ANSWER_SECONDS = 5
TAIL_LINES = 12


def find_port_problem(host: str, port: int) -> str:
    """Why a server can't listen there, in the system's words; empty when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(reachable(host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def broker_answers(socket_path: Path) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(socket_path), socket_timeout=ANSWER_SECONDS) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def last_lines(output: str) -> str:
    return "\n".join([line for line in output.splitlines() if line.strip()][-TAIL_LINES:])


def skip_traceback(output: str) -> str:
    """The end of what a command printed, without the way there: an error's own words are enough for an operator."""
    lines = output.splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    after = lines[frames[-1] + 1 :] if frames else lines
    return last_lines("\n".join(line for line in after if not frames or not line.startswith("    ")))
