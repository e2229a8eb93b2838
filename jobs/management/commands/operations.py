"""`manage.py operations [--write] [--sheet FILE]`."""

import logging
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from processing import illustrations, reference


class Command(BaseCommand):
    help = "Print the reference of all operations, write it with its pictures to processing/, or draw a sheet of them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="write OPERATIONS.md and its pictures")
        parser.add_argument("--sheet", type=Path, metavar="FILE", help="draw every illustration into one PNG or JPEG")

    def handle(self, *args: Any, **options: Any) -> None:
        # libvips tells of each step at a level that the server logs.
        logging.getLogger("pyvips").setLevel(logging.WARNING)
        if options["sheet"]:
            self.draw_sheet(options["sheet"])
        if options["write"]:
            changed = [str(path.relative_to(reference.FOLDER)) for path in reference.write()]
            self.stdout.write("\n".join(changed) or "nothing has changed")
        if not options["sheet"] and not options["write"]:
            self.stdout.write(reference.render())

    def draw_sheet(self, file: Path) -> None:
        sheet = illustrations.draw_sheet()
        try:
            sheet.save(file)
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be written: {error}") from None
        self.stdout.write(f"{file}: {sheet.width}×{sheet.height} pixels")
