"""`manage.py rotate_secrets`: from an old key to a new one, with both live in between."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.archive import keys, secrets_file

ELSEWHERE = (
    "The keys of this server come from its environment: put a new one in front of the others in "
    "PHOTOMILL_ENCRYPTION_KEYS and PHOTOMILL_JWT_KEYS, and the old PHOTOMILL_SECRET_KEY into "
    "PHOTOMILL_SECRET_KEY_FALLBACKS."
)


class Command(BaseCommand):
    help = (
        "Without options: encrypt everything that is stored under the newest key. Three steps change the keys: --new, "
        "then restart and run it without options, then --finish and restart."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        step = parser.add_mutually_exclusive_group()
        step.add_argument("--new", action="store_true", help="put a new key in front of each kind; the old stay valid")
        step.add_argument("--finish", action="store_true", help="drop the old keys, where nothing needs them any more")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new"]:
            self._add()
        elif options["finish"]:
            self._finish()
        else:
            self._encrypt()

    def _add(self) -> None:
        path = self._find_file()
        secrets_file.write(path, secrets_file.add_keys(secrets_file.read(path)))
        self.stdout.write(f"New keys are in {path}, the old ones behind them. Restart the server, then run this again.")

    def _encrypt(self) -> None:
        for column in keys.list_columns():
            self.stdout.write(f"{column}: {keys.encrypt_anew(column)} written anew")

    def _finish(self) -> None:
        path = self._find_file()
        left = {column: count for column in keys.list_columns() if (count := keys.count_old(column))}
        if left:
            names = ", ".join(f"{column} ({count})" for column, count in left.items())
            raise CommandError(f"old keys are still needed by {names}: run rotate_secrets without options first")
        secrets_file.write(path, secrets_file.drop_earlier(secrets_file.read(path)))
        self.stdout.write("The old keys are gone: people log in anew, and links made under them have ended. Restart.")

    def _find_file(self) -> Path:
        """The file of the keys. Raises CommandError where the environment has them."""
        path: Path = settings.SECRETS_FILE
        if not path.exists() or not set(secrets_file.NAMES) <= secrets_file.read(path).keys():
            raise CommandError(ELSEWHERE)
        return path
