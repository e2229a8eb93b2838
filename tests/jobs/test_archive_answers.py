"""What callers and operators are answered before and after: a backup that comes back, and keys that are changed."""

import gzip
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from jobs import engine
from jobs.archive import rows, secrets_file
from jobs.models import Item
from storage import connections
from storage.house import house
from storage.models import Connection
from tests.dialects.matrix.rows import DOORS
from tests.dialects.matrix.world import STORAGE, World, make_world
from tests.dialects.test_matrix import list_cases, make_jobs, row_of
from tests.images import encode, ramps

pytestmark = pytest.mark.django_db(transaction=True)

READS = [case.values for case in list_cases() if case.values[1] == "GET"]
LINK = re.compile(r"(?:http://[\w.:-]+)?/files/([^/\"]+)/([^\"<&\s]*)")
OF_THE_MOMENT = re.compile(r'name="csrfmiddlewaretoken"[^>]*>|nonce="[^"]*"|<td class="field-duration[^<]*')
"""A token of each page, and how long a job has been going on."""
TOKEN = re.compile(r"gAAAAA[\w=-]{60,}")
Said = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Question:
    """One GET, and what Alice shows with it."""

    owner: str
    path: str
    secret: str


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> Iterator[World]:
    """Alice with jobs of every product that have ended, some well, with results that are kept here."""
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    settings.SECRETS_FILE = tmp_path / "secrets.env"
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "a.jpg").write_bytes(encode(ramps((40, 30)), "JPEG"))
    connections._opened.clear()
    made = make_jobs(make_world(tmp_path / "bucket"))
    Connection.objects.filter(name=STORAGE).update(kind="local")
    storage = made.storage
    storage.credentials = {"access_key": "a", "secret_access_key": "of the customer"}
    storage.save()
    for item in Item.objects.filter(state="queued"):
        engine.run_item(item.pk)
    yield made
    connections._opened.clear()


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@photomill.example", "correct horse battery"))
    return client


def list_questions(world: World) -> list[Question]:
    """Every GET of every product as Alice asks it. Written down once: the same has to be answered afterwards too."""
    wanted = {(route.owner, row_of(route, method).scope) for route, method in READS}
    secrets = {
        (owner, scope): world.credential(DOORS.get(owner, "key"), "alice", scope=scope)
        for owner, scope in sorted(wanted)
    }
    questions = []
    for route, method in READS:
        row = row_of(route, method)
        asked = row.ask(world)
        path = route.path.format(**asked.path) + (f"?{asked.query}" if asked.query else "")
        questions.append(Question(route.owner, path, secrets[route.owner, row.scope]))
    return questions


def ask_everything(questions: list[Question], operator: Client) -> Said:
    """The answers to all of them, and every list of the admin, with the files that they link to."""
    said = {
        f"{each.owner} {each.path}": read(Client(headers={"authorization": f"Bearer {each.secret}"}).get(each.path))
        for each in questions
    }
    for page in admin.site._registry.values():
        path = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
        said[path] = read(operator.get(path))
    return said


def read(answer: Any) -> tuple[int, str]:
    """The status, and the text without what is of the moment: a link is the file that it leads to."""
    text = answer.content.decode()
    return answer.status_code, LINK.sub(lambda found: describe_file(found[0], found[2]), OF_THE_MOMENT.sub("", text))


def describe_file(link: str, name: str) -> str:
    answer = Client().get(link[link.index("/files/") :])
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return f"{name} {answer.status_code} {sha256(body).hexdigest()}"


def expect_the_same(after: Said, before: Said) -> None:
    """Line by line, so that what differs can be read."""
    for path, (status, text) in before.items():
        assert (path, after[path][0]) == (path, status)
        assert [path, *after[path][1].splitlines()] == [path, *text.splitlines()]


def list_house() -> dict[str, bytes]:
    return {facts.key: house().read(facts.key, max_bytes=10**7).data for facts in house().list("").objects}


def wipe(folder: Path) -> None:
    """As a machine that is new."""
    rows.replace_all(connection, {})
    shutil.rmtree(folder / "house")
    ContentType.objects.clear_cache()
    connections._opened.clear()


def command(name: str, *arguments: str) -> None:
    call_command(name, *arguments, stdout=StringIO())


def dump() -> str:
    return "\n".join(line for model in rows.list_models() for line in rows.dump(connection, model))


def test_a_restored_server_answers_everything_as_before(world: World, operator: Client, tmp_path: Path) -> None:
    questions = list_questions(world)
    before, files = ask_everything(questions, operator), list_house()
    assert {status for status, _ in before.values()} >= {200}
    assert any(" 200 " in text for _, text in before.values()), "no answer links to a result"
    command("backup", str(tmp_path / "all.tar"))
    wipe(tmp_path)
    assert {status for status, _ in ask_everything(questions, Client()).values()} <= {302, 401, 404}
    command("restore", str(tmp_path / "all.tar"))
    expect_the_same(ask_everything(questions, operator), before)
    assert list_house() == files


def restart(settings: Any) -> None:
    values = secrets_file.read(settings.SECRETS_FILE)
    settings.SECRET_KEY = values["PHOTOMILL_SECRET_KEY"]
    settings.SECRET_KEY_FALLBACKS = [key for key in values.get("PHOTOMILL_SECRET_KEY_FALLBACKS", "").split(",") if key]
    settings.PHOTOMILL_ENCRYPTION_KEYS = values["PHOTOMILL_ENCRYPTION_KEYS"].split(",")
    settings.PHOTOMILL_JWT_KEYS = values["PHOTOMILL_JWT_KEYS"].split(",")
    connections._opened.clear()


def opened_by(key: str, text: str) -> int:
    """How many of the encrypted values in a dump this key opens."""
    count = 0
    for token in TOKEN.findall(text):
        try:
            Fernet(key).decrypt(token.encode())
        except InvalidToken:
            continue
        count += 1
    return count


def test_changed_keys_open_everything_and_the_old_one_opens_nothing(
    world: World, operator: Client, settings: Any
) -> None:
    values = {name: ",".join(v) if isinstance(v := getattr(settings, name), list) else v for name in secrets_file.NAMES}
    secrets_file.write(settings.SECRETS_FILE, values)
    old = settings.PHOTOMILL_ENCRYPTION_KEYS[0]
    questions = list_questions(world)
    before, dumped = ask_everything(questions, operator), dump()
    assert opened_by(old, dumped) == len(TOKEN.findall(dumped)) > 0
    command("rotate_secrets", "--new")
    restart(settings)
    expect_the_same(ask_everything(questions, operator), before)
    command("rotate_secrets")
    command("rotate_secrets", "--finish")
    restart(settings)
    assert opened_by(old, dump()) == 0
    assert opened_by(settings.PHOTOMILL_ENCRYPTION_KEYS[0], dump()) == len(TOKEN.findall(dumped))
    # Tokens and logins of people have ended: they log in anew. Keys and secrets of programs have not.
    operator.force_login(User.objects.get(email="operator@photomill.example"))
    token = world.credential("token", "alice", scope="image_editing")
    questions = [replace(each, secret=token) if DOORS.get(each.owner) == "token" else each for each in questions]
    after = ask_everything(questions, operator)
    assert {path: said for path, said in after.items() if is_kept(path)} == {
        path: said for path, said in before.items() if is_kept(path)
    }
    assert {status for status, _ in after.values()} == {status for status, _ in before.values()}


def is_kept(path: str) -> bool:
    """Whether the same stands there after people have logged in anew."""
    return not any(word in path for word in ("/session/", "/auditentry/", "/user/"))


def test_a_backup_holds_no_secret_that_its_keys_do_not_guard(world: World, tmp_path: Path) -> None:
    command("backup", str(tmp_path / "all.tar"))
    with tarfile.open(tmp_path / "all.tar") as tar:
        for member in (member for member in tar if member.name.startswith("database/")):
            file = tar.extractfile(member)
            assert file
            assert b"of the customer" not in gzip.decompress(file.read())
