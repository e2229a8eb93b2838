"""`manage.py starter_recipes ACCOUNT`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Account
from jobs.starters import add_starters


class Command(BaseCommand):
    help = "Give an account recipes to begin with. Those that it has stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("account", help="its name")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"there is no account {options['account']!r}")
        with transaction.atomic():
            added = add_starters(account)
        for recipe in added:
            self.stdout.write(f"recipe {recipe.public_id}: created")
        self.stdout.write(f"{len(added)} changes")
