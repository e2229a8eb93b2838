"""`manage.py reset_2fa EMAIL`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import record
from accounts.management.commands.reset_link import find_user
from accounts.second_factor import forget


class Command(BaseCommand):
    help = "Take the second step of somebody's login away, whose phone and recovery codes are lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["email"])
        if not forget(user):
            raise CommandError(f"{user} has set up no second step")
        record("second_step_removed", account=user.account, actor="manage.py reset_2fa", target=user.email)
        self.stdout.write(f"{user} logs in with the password alone, and is logged out everywhere.")
