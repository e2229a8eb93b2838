"""`manage.py reset_link EMAIL`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.audit import record
from accounts.models import User
from accounts.passwords import make_reset_link


class Command(BaseCommand):
    help = "Print a link with which somebody sets their password: for people who cannot get it by mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["email"])
        if not user.is_active:
            raise CommandError(f'{user} may not log in: set the mark "active" in the admin first')
        record("password_link_made", account=user.account, actor="manage.py reset_link", target=user.email)
        self.stdout.write(make_reset_link(user))
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        self.stderr.write(f"Good for {hours} hours, and once. Whoever has it can log in as {user}.")


def find_user(email: str) -> User:
    """The user with this address. Raises CommandError."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise CommandError(f"there is nobody with the address {email}")
    return user
