"""A server that moves: into an empty folder by its backup, and from SQLite to PostgreSQL. Callers notice nothing."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from project.instance import Instance
from project.programs import list_commands
from project.supervisor import ROOT
from tests import services
from tests.stack.running import Receiver, Stack, await_that, running
from tests.stack.test_growing import is_alive, provision, upload_banner
from tests.stack.test_road import await_status, post, put

LINK = re.compile(r"http://127\.0\.0\.1:\d+/files/[^\"]+")
KEY = {"name": "k", "secret": "api_of-the-moving-test", "scopes": ["image_editing", "storage"]}
TABLES = "SELECT COUNT(*) FROM {}"
COUNTED = ("accounts_account", "accounts_apikey", "storage_connection", "jobs_service")
COUNTED += ("jobs_job", "jobs_item", "jobs_output", "jobs_upload")


def make_work(stack: Stack, folder: Path) -> list[tuple[str, str, Any]]:
    """Jobs of three products that have ended. Returns what can be asked of them: path, secret, body."""
    provision(stack, folder, {"name": "alice", "api_keys": [KEY]})
    put(stack, "a.jpg")
    process = post(stack, "/a.jpg", "/out/a.webp", {"type": "resize", "width": "50px"})
    await_status(stack, process)
    secret = str(KEY["secret"])
    edit = {"input": "storage://main/a.jpg", "operations": {"resizing": {"width": 60, "height": 40}}}
    task = stack.call("POST", "/v1/image/edit/async", edit, secret=secret).json["data"]["id"]
    banner = upload_banner(stack, secret)
    stack.await_rows("SELECT COUNT(*) FROM jobs_job WHERE finished_at IS NULL", 0, seconds=60)
    return [
        (f"/request/{process}", "tokA", None),
        (f"/v1/image/edit/async/{task}", secret, None),
        ("/v1/banners/with-mask/status", secret, {"job_id": banner}),
        ("/v1/storage/storages", secret, None),
        ("/v1/recipe/list", secret, None),
    ]


def ask_all(instance: Instance, questions: list[tuple[str, str, Any]]) -> list[str]:
    """The answers, with the bytes behind each link in its place."""
    stack = Stack(instance, Path("/nowhere"), Receiver())
    answers = [stack.call("POST" if body else "GET", path, body, secret=secret) for path, secret, body in questions]
    assert [answer.status for answer in answers] == [200] * len(questions), answers
    return [LINK.sub(lambda link: digest(link[0]), json.dumps(answer.json)) for answer in answers]


def digest(link: str) -> str:
    with urllib.request.urlopen(link, timeout=30) as answer:
        return sha256(answer.read()).hexdigest()


def count(stack: Stack) -> dict[str, int]:
    return {table: stack.rows(TABLES.format(table))[0][0] for table in COUNTED}


def new_instance(old: Instance, folder: Path, **env: str) -> Instance:
    """Another on the same port, so that links are the same; requests are counted without a broker."""
    own = {"DATABASE_URL": "", "CELERY_BROKER_URL": "", "PHOTOMILL_CACHE_URL": "database"}
    made = Instance(folder, port=old.plan.port, workers=1, env={**own, **env})
    folder.mkdir(exist_ok=True)
    public = {"PHOTOMILL_PUBLIC_URL": old.url, "PYTHONUNBUFFERED": "1"}
    made.environment |= {**public, "PHOTOMILL_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "project.settings"}
    return made


@contextmanager
def serving(instance: Instance) -> Iterator[None]:
    """Its web server alone: what is asked here needs no node."""
    (instance.data_dir / "log").mkdir(exist_ok=True)
    with (instance.data_dir / "log" / "web-alone.log").open("wb") as log:
        command = list_commands(instance.plan)["web"]
        web = subprocess.Popen(command, cwd=ROOT, env=instance.environment, stdout=log, stderr=log)
    try:
        await_that(lambda: is_alive(instance.url), seconds=60)
        yield
    finally:
        web.terminate()
        web.wait(timeout=30)


@pytest.mark.timeout(240)
@pytest.mark.stack
@pytest.mark.postgres
def test_a_server_answers_the_same_after_a_restore_and_after_a_move_to_postgresql(tmp_path: Path) -> None:
    database = services.postgres_url()
    if database is None:
        pytest.skip(f"needs PostgreSQL: {services.POSTGRES.advice}")
    with running("embedded", tmp_path) as stack:
        old = stack.instance
        questions = make_work(stack, tmp_path)
        before, rows = ask_all(old, questions), count(stack)
        assert any("files" not in text and re.search(r"[0-9a-f]{64}", text) for text in before), before
        old.manage("backup", str(tmp_path / "all.tar"))
        old.stop()
        restored = new_instance(old, tmp_path / "restored")
        restored.manage("restore", str(tmp_path / "all.tar"))
        with serving(restored):
            assert ask_all(restored, questions) == before
        old.manage("move_database", database)
        moved = new_instance(old, old.data_dir, DATABASE_URL=database)
        with serving(moved):
            assert ask_all(moved, questions) == before
        stack.instance = moved
        assert count(stack) == rows
