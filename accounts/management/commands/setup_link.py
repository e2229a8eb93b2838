"""`manage.py setup_link`."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.operators import make_setup_link


class Command(BaseCommand):
    help = "Print the link at which the first operator sets an address and a password; nothing where there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        link = make_setup_link()
        if link is None:
            self.stderr.write("There is an operator already; manage.py create_operator makes another.")
        else:
            self.stdout.write(link)
