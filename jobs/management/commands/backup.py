"""`manage.py backup FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.archive import files


class Command(BaseCommand):
    help = "Put the database, the house storage and the keys into one file. The server may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--without-objects", action="store_true", help="leave the house storage out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files.write(options["file"], with_objects=not options["without_objects"], say=self.stdout.write)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}") from None
        self.stdout.write(f"{options['file']} holds the keys too: whoever has it can read everything in it.")
