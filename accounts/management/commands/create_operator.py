"""`manage.py create_operator EMAIL`."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.audit import record
from accounts.models import User
from accounts.passwords import make_reset_link


class Command(BaseCommand):
    help = "Make somebody who runs the server and sees all accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--link", action="store_true", help="print a link that sets the password, and ask for none")

    def handle(self, *args: Any, **options: Any) -> None:
        email = read_email(options["email"])
        user = User.objects.create_superuser(email, None if options["link"] else ask_for_password(email))
        record("operator_created", actor="manage.py create_operator", target=user.email)
        if options["link"]:
            self.stdout.write(make_reset_link(user))
            hours = settings.PASSWORD_RESET_TIMEOUT // 3600
            self.stderr.write(f"Good for {hours} hours, and once. Whoever has it can log in as {user}.")
        else:
            self.stdout.write(f"{user} is an operator.")


def read_email(text: str) -> str:
    """The address, if it is one that nobody has. Raises CommandError."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"{text} is no e-mail address") from None
    if User.objects.filter(email__iexact=email).exists():
        raise CommandError(f"there is somebody with the address {email} already; manage.py reset_link sets a password")
    return email


def ask_for_password(email: str) -> str:
    """A password, typed twice at the terminal and good enough. Raises CommandError."""
    if not sys.stdin.isatty():
        raise CommandError("there is no terminal to type a password at: --link prints a link that sets one")
    password = getpass(f"Password of {email}: ")
    if getpass("Once more: ") != password:
        raise CommandError("these were two different passwords")
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
