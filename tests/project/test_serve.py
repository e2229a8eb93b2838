"""`run.py serve`: what a person sees, and an instance with everything in it."""

from __future__ import annotations

import base64
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests
from django.conf import settings

from project import embedded
from project.instance import Instance, StartError
from project.probes import answers, broker_answers, find_port_problem, skip_traceback
from project.programs import Plan, list_commands
from project.serve import StopAsked, StopHandler
from tests.services import find_free_ports

WAIT_SECONDS = 240
PROGRAMS = {"broker", "web", "interactive", "batch", "delivery", "beat", "flower"}


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without the settings of the tests: a person's on the first day."""
    ours = ("PHOTOMILL_", "DATABASE_URL", "CELERY_", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def serve(*arguments: str, data_dir: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "project.serve", *arguments]
    env = clean_environment(PHOTOMILL_DATA_DIR=str(data_dir))
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=env, text=True, start_new_session=True, **both)


def read_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    seen = ""
    while "Stop with Ctrl-C" not in seen:
        line = process.stdout.readline()
        assert line, f"it ended early:\n{seen}"
        seen += line
    return seen


def await_that(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; who has ended and waits for its new parent to notice does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- refusals: quick, before anything starts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "other", "advice"),
    [
        ("--port", ["--no-flower"], "Choose another with --port."),
        (
            "--flower-port",
            ["--port", "{free}"],
            "Choose another with --flower-port, or leave Flower out with --no-flower.",
        ),
    ],
)
def test_a_taken_port_is_named_with_the_option_that_changes_it(
    tmp_path: Path, option: str, other: list[str], advice: str
) -> None:
    (free,) = find_free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = [option, str(port), *[word.format(free=free) for word in other]]
        with serve(*arguments, data_dir=tmp_path / "data") as process:
            output = process.communicate(timeout=WAIT_SECONDS)[0]
    assert process.returncode == 1
    assert output.startswith(f"Port {port} on 127.0.0.1 can't be used: Address already in use. {advice}")
    assert output.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_second_serve_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    (port,) = find_free_ports(1)
    with (
        embedded.claim_folder(tmp_path),
        serve("--port", str(port), "--no-flower", data_dir=tmp_path) as process,
    ):
        output = process.communicate(timeout=WAIT_SECONDS)[0]
    assert process.returncode == 1
    assert output == (
        f"Another serve (process {os.getpid()}) runs on {tmp_path}. "
        "Stop it first, or name another folder in PHOTOMILL_DATA_DIR.\n"
    )


def test_no_workers_are_refused(tmp_path: Path) -> None:
    with serve("--workers", "0", data_dir=tmp_path) as process:
        assert "--workers must be 1 or more" in process.communicate(timeout=WAIT_SECONDS)[0]
    assert process.returncode == 2


def test_a_failed_provision_stops_the_start_with_its_reason_and_leaves_nothing(tmp_path: Path) -> None:
    (port,) = find_free_ports(1)
    instance = Instance(tmp_path / "data", port=port, env={"CELERY_BROKER_URL": "", "DATABASE_URL": ""})
    with pytest.raises(StartError, match=r"manage.py provision failed(.|\n)*missing\.yaml"):
        instance.start(provision=tmp_path / "missing.yaml")
    assert set(instance.pids()) == {"broker"}
    instance.stop()
    assert instance.pids() == {}
    assert not broker_answers(embedded.broker_socket(tmp_path / "data"))


def test_of_a_traceback_only_the_errors_own_words_are_shown() -> None:
    output = """Traceback (most recent call last):
  File "manage.py", line 9, in <module>
    main()
    ^^^^^^
  File "backend.py", line 7, in connect
    raise error
django.db.utils.OperationalError: connection failed
\tIs the server running?
"""
    expected = "django.db.utils.OperationalError: connection failed\n\tIs the server running?"
    assert skip_traceback(output) == expected
    assert skip_traceback("CommandError: no such file\n") == "CommandError: no such file"


def test_the_first_signal_ends_the_waiting_and_the_next_ones_do_not_interrupt_the_stop(tmp_path: Path) -> None:
    handler = StopHandler(Instance(tmp_path, port=1))
    with pytest.raises(StopAsked):
        handler(signal.SIGINT, None)
    handler(signal.SIGINT, None)
    assert handler.is_stopping


# --- command lines -----------------------------------------------------------------------------------------------


def test_every_queue_has_a_node_and_the_prefix_is_on_each(tmp_path: Path) -> None:
    plan = Plan(data_dir=tmp_path, host="127.0.0.1", port=8000, workers=3, queue_prefix="mine-", suffix="-ab")
    commands = list_commands(plan)
    queues = [command[command.index("-Q") + 1] for command in commands.values() if "-Q" in command]
    assert queues == ["mine-interactive", "mine-batch,mine-vision", "mine-delivery,mine-periodic"]
    batch = commands["batch"]
    assert batch[batch.index("-n") + 1] == "batch-ab@%h"
    assert batch[batch.index("-c") + 1] == "3"


def test_an_address_for_every_network_is_reached_by_loopback_and_ipv6_gets_its_brackets(tmp_path: Path) -> None:
    urls = [
        Plan(data_dir=tmp_path, host=host, port=80, workers=1).web_url
        for host in ("0.0.0.0", "::", "::1", "192.0.2.7", "photos.example")
    ]
    assert urls == [
        "http://127.0.0.1:80",
        "http://[::1]:80",
        "http://[::1]:80",
        "http://192.0.2.7:80",
        "http://photos.example:80",
    ]


@pytest.mark.parametrize("given", [{}, {"PHOTOMILL_WEB_THREADS": "4"}])
def test_the_web_server_has_as_many_threads_as_the_setting_says(
    tmp_path: Path, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHOTOMILL_WEB_THREADS", raising=False)
    web = list_commands(Instance(tmp_path, port=80, env=given).plan)["web"]
    assert web[web.index("--threads") + 1] == given.get("PHOTOMILL_WEB_THREADS", str(settings.PHOTOMILL_WEB_THREADS))


def test_flower_stays_on_loopback_where_the_web_server_is_opened(tmp_path: Path) -> None:
    opened = list_commands(Instance(tmp_path, host="0.0.0.0", port=80, flower_port=5555).plan)
    assert opened["web"][opened["web"].index("--bind") + 1] == "0.0.0.0:80"
    assert "--address=127.0.0.1" in opened["flower"]
    named = Instance(tmp_path, host="0.0.0.0", port=80, flower_host="192.0.2.7", flower_port=5555).plan
    assert "--address=192.0.2.7" in list_commands(named)["flower"]
    assert named.flower_url == "http://192.0.2.7:5555"


def test_without_flower_there_is_none(tmp_path: Path) -> None:
    assert "flower" not in list_commands(Plan(data_dir=tmp_path, host="127.0.0.1", port=80, workers=1))


# --- a whole instance --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    port, flower_port = find_free_ports(2)
    data_dir = tmp_path_factory.mktemp("instance") / "data"
    made = Instance(data_dir, port=port, flower_port=flower_port, workers=1, env={"CELERY_BROKER_URL": ""})
    made.start()
    made.wait_ready(WAIT_SECONDS)
    yield made
    made.stop()


def get_status(port: int, path: str, *, password: str = "") -> int:
    headers = {"Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()} if password else {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.stack
def test_everything_runs_and_answers(instance: Instance) -> None:
    assert set(instance.pids()) == PROGRAMS
    assert get_status(instance.plan.port, "/healthz") == 200


@pytest.mark.stack
def test_flower_shows_nothing_without_the_password(instance: Instance) -> None:
    port = instance.plan.flower_port
    assert port is not None
    password = embedded.load_secrets(instance.data_dir)["PHOTOMILL_FLOWER_PASSWORD"]
    assert [get_status(port, "/workers"), get_status(port, "/workers", password="guess")] == [401, 401]
    assert get_status(port, "/workers", password=password) == 200
    # What asks for no password is why Flower listens on loopback alone.
    assert [get_status(port, path) for path in ("/metrics", "/healthcheck")] == [200, 200]


@pytest.mark.stack
def test_no_secret_stands_on_a_command_line(instance: Instance) -> None:
    secrets = embedded.load_secrets(instance.data_dir).values()
    processes = [psutil.Process(pid) for pid in instance.pids().values()]
    lines = [" ".join(each.cmdline()) for parent in processes for each in [parent, *parent.children(recursive=True)]]
    assert len(lines) >= len(PROGRAMS)
    assert not [line for line in lines if any(secret in line for secret in secrets)]


@pytest.mark.stack
def test_only_the_web_and_flower_listen_on_a_port_and_on_loopback_alone(instance: Instance) -> None:
    parents = [psutil.Process(pid) for pid in instance.pids().values()]
    processes = [each for parent in parents for each in [parent, *parent.children(recursive=True)]]
    listening = {
        connection.laddr
        for each in processes
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", instance.plan.port), ("127.0.0.1", instance.plan.flower_port)}


@pytest.mark.stack
def test_what_is_killed_comes_back(instance: Instance) -> None:
    killed = {name: instance.pids()[name] for name in ("broker", "web", "batch")}
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    await_that(lambda: set(instance.pids()) == PROGRAMS and not set(instance.pids().values()) & set(killed.values()))
    instance.wait_ready(WAIT_SECONDS)


@pytest.mark.stack
def test_another_terminal_finds_the_same_broker_and_database(instance: Instance) -> None:
    code = "from project.readiness import ask; import sys; print(*ask(set(sys.argv[1:])))"
    nodes = [f"{name}@{socket.gethostname()}" for name in ("interactive", "batch", "delivery")]
    env = clean_environment(PHOTOMILL_DATA_DIR=str(instance.data_dir))
    done = subprocess.run([sys.executable, "-c", code, *nodes], env=env, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(nodes)


@pytest.mark.stack
@pytest.mark.timeout(900)
def test_a_person_starts_kills_starts_again_and_stops(tmp_path: Path) -> None:
    """One story, for each start costs ten seconds.

    SIGKILL leaves no process, Ctrl-C ends cleanly; each start prints a link until there is an operator.
    """
    port, flower_port = find_free_ports(2)
    options = ["--port", str(port), "--flower-port", str(flower_port), "--workers", "1"]
    with serve(*options, data_dir=tmp_path / "data") as process:
        first = find_link(read_until_ready(process))
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= len(PROGRAMS) + 1  # and the guardian, and what they started
        process.kill()
        await_that(lambda: not any(map(is_alive, family)))
    assert find_port_problem("127.0.0.1", port) == ""
    with serve(*options, data_dir=tmp_path / "data") as process:
        seen = read_until_ready(process)
        family = psutil.Process(process.pid).children(recursive=True)
        become_operator(find_link(seen), replaced=first)
        os.kill(process.pid, signal.SIGINT)
        seen += process.communicate(timeout=WAIT_SECONDS)[0]
        assert not any(map(is_alive, family))
    assert process.returncode == 0
    assert f"Photomill is ready: http://127.0.0.1:{port} (admin /admin/), Flower http://127.0.0.1:{flower_port}" in seen
    assert f"{tmp_path}/data/secrets.env" in seen
    assert not re.search(r"Traceback|Warning|ended \(|killed", seen), seen
    assert not answers("127.0.0.1", port, "/healthz")
    with serve(*options, data_dir=tmp_path / "data") as process:
        assert "/accounts/setup/" not in read_until_ready(process)
        os.kill(process.pid, signal.SIGINT)


def find_link(seen: str) -> str:
    found = re.search(
        r"Set the first operator up, within a day: (http://127\.0\.0\.1:\d+/accounts/setup/\S+/)$", seen, re.M
    )
    assert found, seen
    return found[1]


def become_operator(link: str, *, replaced: str) -> None:
    """Use the link in a browser. The one that an earlier start printed is not good any more."""
    assert "This link is not good" in requests.get(replaced, timeout=10).text
    browser = requests.Session()
    form = browser.get(link, timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token, form.text[:500]
    sent = {"email": "op@photos.example", "password1": "correct horse battery", "csrfmiddlewaretoken": token[1]}
    done = browser.post(form.url, sent | {"password2": sent["password1"]}, timeout=10)
    assert "The operator is set up" in done.text
