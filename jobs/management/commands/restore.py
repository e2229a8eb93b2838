"""`manage.py restore FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.archive import files


class Command(BaseCommand):
    help = "Put back what `backup` has kept. Stop the server first."
    requires_system_checks = ()  # an empty folder has no keys yet: they are in the file

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="also over what the database holds")
        parser.add_argument("--without-objects", action="store_true", help="leave the house storage as it is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files.restore(
                options["file"],
                overwrite=options["overwrite"],
                with_objects=not options["without_objects"],
                say=self.stdout.write,
            )
        except files.ArchiveError as error:
            raise CommandError(str(error)) from None
