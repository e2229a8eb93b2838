"""`manage.py purge [--dry-run] [--account NAME]`."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Account
from jobs.retention.purge import KINDS, purge_everything
from jobs.retention.rounds import Round

HEAD = ("kind", "rows", "files", "bytes", "oldest")


class Command(BaseCommand):
    help = (
        "Delete what is due: results, uploads, deliveries, jobs, old logins and logs, and what nothing names any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, and say what would be deleted")
        parser.add_argument("--account", metavar="NAME", help="what is this account's, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        account = find_account(options["account"]) if options["account"] else None
        now = purge_everything(account=account, is_dry=options["dry_run"])
        for line in format_round(now):
            self.stdout.write(line)
        if now.failures:
            raise CommandError("The house storage refused some of it: the log says what. What it names is still there.")


def find_account(name: str) -> Account:
    """The account of this name. Raises CommandError."""
    account = Account.objects.filter(name=name).first()
    if account is None:
        raise CommandError(f"there is no account {name!r}")
    return account


def format_round(now: Round, kinds: tuple[str, ...] = KINDS) -> Iterator[str]:
    """What a round found, as a table with a line for each kind."""
    lines = [HEAD, *(_format_kind(now, kind) for kind in kinds)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line in lines:
        first, *numbers, oldest = (cell for cell in line)
        cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells, oldest]).rstrip()


def _format_kind(now: Round, kind: str) -> tuple[str, ...]:
    line = now.lines[kind]
    oldest = f"{line.oldest:%Y-%m-%d %H:%M}" if line.oldest else ""
    return kind, f"{line.rows:,}", f"{line.files:,}", f"{line.size_bytes:,}", oldest
