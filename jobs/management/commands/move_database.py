"""`manage.py move_database URL`."""

from argparse import ArgumentParser
from typing import Any

import environ
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection, connections, transaction

from accounts.models import Account, User
from jobs.archive import rows
from jobs.models import Job

TARGET = "target"


class Command(BaseCommand):
    help = "Copy every row into another, empty database, as from SQLite to PostgreSQL. Stop the server first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="where to, as DATABASE_URL says it: postgres://user:password@host/name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            target = environ.Env.db_url_config(options["url"])
            connections.settings[TARGET] = connections.configure_settings({"default": target})["default"]
            call_command("migrate", database=TARGET, verbosity=0)
        except (Error, ValueError, KeyError) as error:
            raise CommandError(f"the other database cannot be used: {error}") from None
        self._check_empty()
        with transaction.atomic():
            tables = {model._meta.db_table: rows.dump(connection, model) for model in rows.list_models()}
            counts = rows.replace_all(connections[TARGET], tables)
        self.stdout.write(
            f"{sum(counts.values())} rows of {len(counts)} tables. Set DATABASE_URL, and start the server."
        )

    def _check_empty(self) -> None:
        for model in (Account, User, Job):
            if model._default_manager.using(TARGET).exists():
                raise CommandError(f"the other database is not empty: it has {model._meta.verbose_name_plural}")
