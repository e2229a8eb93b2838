"""Makes jobs inside a running instance: `python -m tests.stack.submit '{"keys": [...], …}'` prints the job's id."""

import json
import sys

import django

django.setup()

from accounts.models import Account  # noqa: E402
from tests.jobs.making import make_job  # noqa: E402


def main() -> None:
    wanted = json.loads(sys.argv[1])
    account = Account.objects.get(name=wanted.pop("account", "alice"))
    print(make_job(account, wanted.pop("keys", []), **wanted).pk)


if __name__ == "__main__":
    main()
