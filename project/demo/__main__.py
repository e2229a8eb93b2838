"""A server, a real batch, its signed callbacks and a page with the results: python3 run.py demo."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
from pathlib import Path

from project.demo.accounts import OWNER
from project.demo.customer import RequestFailed
from project.demo.report import Report
from project.demo.show import Show, ShowFailed
from project.instance import StartError
from project.serve import STOP_SIGNALS, StopAsked, StopHandler
from project.supervisor import ROOT

FOREIGN_SETTINGS = ("PHOTOMILL_", "CELERY_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
INTERRUPTED = 128 + signal.SIGINT


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py demo", description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=ROOT / "demo-output", metavar="DIR", help="where the results go (demo-output)"
    )
    parser.add_argument("--workers", type=int, default=2, help="pictures that are worked on at once (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the server running until Ctrl-C, to look around")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be 1 or more")
    return options


def main(arguments: list[str]) -> int:
    """0: every result and every callback is right. 1: not so, and it was said why. 130: someone stopped it."""
    options = read_options(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may lack the letters that a bar is drawn with
    leave_settings_behind()
    with tempfile.TemporaryDirectory(prefix="photomill-demo-", ignore_cleanup_errors=True) as folder:
        show = Show(Path(folder), output=options.output.absolute(), workers=options.workers, out=sys.stdout)
        return run(show, keep=options.keep)


def leave_settings_behind() -> None:
    """Forget what the environment says to another Photomill: the demo runs on the embedded default and nothing else."""
    for name in [name for name in os.environ if name.startswith(FOREIGN_SETTINGS)]:
        del os.environ[name]


def run(show: Show, *, keep: bool) -> int:
    """Play it, stop everything in any case, and sum up."""
    stop = StopHandler(show.instance)
    for each in STOP_SIGNALS:
        signal.signal(each, stop)
    report: Report | None = None
    try:
        report = show.play()
        if keep:
            print_summary(report, show)
            stay(show)
    except StopAsked:
        print("\nInterrupted." if report is None else "", flush=True)
    except (StartError, RequestFailed, ShowFailed, OSError) as error:
        print(f"\n{show.explain(error)}", file=sys.stderr, flush=True)
        return 1
    finally:
        stop.is_stopping = True
        show.close()
    if report is None:
        return INTERRUPTED
    if not keep:
        print_summary(report, show)
    return 1 if report.problems else 0


def stay(show: Show) -> None:
    """Leave the server to whoever wants to look around."""
    print(f"Admin: {show.instance.url}/admin/   user {OWNER}   password {show.keys.password}")
    print("It runs until Ctrl-C.", flush=True)
    show.instance.wait()


def print_summary(report: Report, show: Show) -> None:
    rate = f"{report.results_per_second:.1f} results a second"
    print(f"\n  {len(report.rows)} photographs, {report.results_right} of {report.results_total} results", end="")
    print(f" in {report.seconds:.1f} s from a cold start ({rate})")
    seen = sum(not each.finding.problem for each in report.sightings)
    print(f"  {seen} of {len(report.sightings)} results that models looked at")
    print(f"  {report.verified} of {len(report.rows)} callbacks came, their signatures verified")
    for problem in report.problems:
        print(f"  WRONG: {problem}")
    for name, path in {"page": show.page, "results": show.results, "logs": show.log}.items():
        print(f"  {name:8} {shorten(path)}")
    print(flush=True)


def shorten(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
