"""`manage.py erase`: a job, a person, a reference image, an account, or all that was made of one source."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import record
from accounts.models import Account, User
from jobs import references
from jobs.errors import UnknownImage
from jobs.management.commands.purge import find_account, format_round
from jobs.models import Job
from jobs.retention.erasing import StillAtWork, erase_account, erase_job, erase_source, read_source
from jobs.retention.rounds import Round
from storage.errors import StorageError

ACTOR = "manage.py erase"
KINDS = ("results", "undo copies", "thumbnails", "items")


class Command(BaseCommand):
    help = "Erase for good, with all files that Photomill keeps of it. Storages of accounts are never touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", metavar="NAME", help="whose it is; alone: the account itself")
        parser.add_argument("--dry-run", action="store_true", help="with --source: delete nothing, show what would go")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--source", metavar="URL", help="an address, storage://NAME/PATH or storage://reference/ID")
        what.add_argument("--job", metavar="ID")
        what.add_argument("--reference", metavar="ID", help="a reference image")
        what.add_argument("--user", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"] and not options["source"]:
            raise CommandError("--dry-run goes with --source")
        if options["user"]:
            return self._erase_user(options["user"])
        if not options["account"]:
            raise CommandError("--account NAME is missing")
        account = find_account(options["account"])
        try:
            self._erase(account, options)
        except (StorageError, UnknownImage) as error:
            raise CommandError(error.message) from None
        except StillAtWork as error:
            raise CommandError(str(error)) from None
        return None

    def _erase(self, account: Account, options: dict[str, Any]) -> None:
        if options["source"]:
            self._erase_source(account, options["source"], is_dry=options["dry_run"])
        elif options["job"]:
            self._erase_jobs(account, options["job"])
        elif options["reference"]:
            references.find_image(account, options["reference"])
            references.drop_images(account, [options["reference"]])
            record("erased", account=account, actor=ACTOR, target=f"reference image {options['reference']}")
        else:
            self._erase_account(account)

    def _erase_source(self, account: Account, text: str, *, is_dry: bool) -> None:
        now = Round(is_dry=is_dry, counts_files=True)
        erase_source(now, account, read_source(account, text))
        for line in format_round(now, KINDS):
            self.stdout.write(line)
        if now.failures:
            raise CommandError("The house storage refused some of it: the log says what. Try again.")
        if not is_dry:
            # The source itself is not named: the log would keep what was to be erased.
            record("erased", account=account, actor=ACTOR, target="a source", items=now.lines["items"].rows)

    def _erase_jobs(self, account: Account, public_id: str) -> None:
        jobs = list(Job.every.filter(account=account, public_id=public_id))
        if not jobs:
            raise CommandError(f"there is no job {public_id!r}")
        for job in jobs:
            if erase_job(job).failures:
                raise CommandError("The house storage refused some of it. The purge tries again.")
            record("erased", account=account, actor=ACTOR, target=f"job {public_id}")

    def _erase_account(self, account: Account) -> None:
        erase_account(account)
        if Account.objects.filter(pk=account.pk).exists():
            raise CommandError("The house storage refused some of it. Nobody of the account gets in; try again.")
        record("erased", actor=ACTOR, target="an account")

    def _erase_user(self, email: str) -> None:
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError(f"there is nobody with the address {email}")
        account = user.account
        user.delete()
        record("erased", account=account, actor=ACTOR, target="a user")
