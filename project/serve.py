"""All of Photomill on this machine, until Ctrl-C: python3 run.py serve."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from project.embedded import secrets_file
from project.instance import Instance, StartError
from project.programs import FLOWER_USER, LOOPBACK
from project.supervisor import ROOT

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Someone pressed Ctrl-C or sent SIGTERM; no `except Exception` may swallow it."""


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py serve", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (%(default)s; 0.0.0.0: every one)")
    parser.add_argument("--port", type=int, default=8000, help="port of the web server (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="pictures that are worked on at once (%(default)s)")
    parser.add_argument("--provision", type=Path, metavar="FILE", help="YAML file of accounts to set up at the start")
    parser.add_argument("--no-flower", action="store_true", help="leave out Flower, the view of the workers")
    parser.add_argument(
        "--flower-host", default=LOOPBACK, help="address of Flower (%(default)s); its /metrics asks for no password"
    )
    parser.add_argument("--flower-port", type=int, default=5555, help="port of Flower (%(default)s)")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be 1 or more")
    return options


def main(arguments: list[str]) -> int:
    options = read_options(arguments)
    instance = Instance(
        Path(os.environ.get("PHOTOMILL_DATA_DIR") or ROOT / "data"),
        host=options.host,
        flower_host=options.flower_host,
        port=options.port,
        workers=options.workers,
        flower_port=None if options.no_flower else options.flower_port,
        quiet=False,
    )
    stop = StopHandler(instance)
    for each in STOP_SIGNALS:
        signal.signal(each, stop)
    try:
        return run(instance, provision=options.provision)
    finally:
        stop.is_stopping = True
        instance.stop()


class StopHandler:
    """The first signal ends the waiting, each further one the patience."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.is_stopping = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_stopping:
            self._instance.hurry()
        else:
            self.is_stopping = True
            raise StopAsked


def run(instance: Instance, *, provision: Path | None) -> int:
    """Start, say so, and stay until asked to stop. 0: someone asked; 1: it could not start or go on."""
    try:
        instance.start(provision=provision)
        instance.wait_ready()
        print_welcome(instance)
        instance.wait()
    except StopAsked:
        print("Stopping: the pictures at work are finished first; Ctrl-C again stops at once.", flush=True)
        return 0
    except StartError as error:
        print(error, file=sys.stderr, flush=True)
    return 1


def print_welcome(instance: Instance) -> None:
    flower = f", Flower {instance.plan.flower_url}" if instance.plan.flower_port else ""
    print(f"\nPhotomill is ready: {instance.url} (admin /admin/){flower}")
    print(f"Data: {instance.data_dir}   Secrets: {secrets_file(instance.data_dir)}")
    if flower and not os.environ.get("PHOTOMILL_FLOWER_PASSWORD"):
        print(f"Flower asks for the user {FLOWER_USER} and PHOTOMILL_FLOWER_PASSWORD from that file.")
    if link := find_setup_link(instance.manage("setup_link")):
        print(f"Nobody runs this server yet. Set the first operator up, within a day: {link}")
    print("Stop with Ctrl-C.\n", flush=True)


def find_setup_link(output: str) -> str:
    """The link that the command printed, if it printed one: there may be warnings beside it."""
    return next((line for line in output.splitlines() if line.startswith("http")), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
