"""`manage.py provision FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from jobs.provisioning import ProvisionError, provision


class Command(BaseCommand):
    help = "Set up accounts, users, keys, storages, services and recipes from a YAML file, as often as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = yaml.safe_load(options["file"].read_text())
        except yaml.MarkedYAMLError as error:
            # Its own words quote the line, which may hold a secret.
            line = error.problem_mark.line + 1 if error.problem_mark else "?"
            raise CommandError(f"{options['file']} cannot be read: line {line}: {error.problem}") from None
        except (OSError, yaml.YAMLError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        try:
            changes = provision(content)
        except ProvisionError as error:
            raise CommandError(f"{options['file']}: {error}") from None
        for change in changes:
            self.stdout.write(change)
        self.stdout.write(f"{len(changes)} changes")
