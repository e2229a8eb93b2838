"""The files for an installation agree with the code that they start, and with the packages that they install."""

import re
import shlex
from pathlib import Path

import pytest

import run
from project.programs import PYTHON, Plan, list_commands

ROOT = Path(run.__file__).parent
UNITS = ROOT / "deploy" / "systemd"
INSTALLED_PYTHON = "/opt/photomill/.venv/bin/python"
PLAN = Plan(data_dir=Path("/var/lib/photomill"), host="127.0.0.1", port=8000, workers=2, flower_port=5555)
NODES = ("interactive", "batch", "delivery")
LONGEST_TASK_SECONDS = 420
"""PHOTOMILL_ITEM_SECONDS and the 120 s that a task may have beyond it."""


def read_unit(name: str) -> dict[str, list[str]]:
    """The unit's settings; those that are given several times in their order."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / f"photomill-{name}.service").read_text().splitlines():
        key, sign, value = line.partition("=")
        if sign:
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize(("name", "command"), list_commands(PLAN).items())
def test_a_unit_starts_what_serve_starts(name: str, command: list[str]) -> None:
    (started,) = read_unit(name)["ExecStart"]
    # systemd reads %h as the home folder unless the sign is doubled; Celery fills it in with the host's name.
    words = [word.replace("%%", "%") for word in shlex.split(started)]
    assert words == [INSTALLED_PYTHON if word == PYTHON else word for word in command]


def test_the_target_has_every_unit() -> None:
    text = (UNITS / "photomill.target").read_text()
    assert set(re.findall(r"photomill-(\w+)\.service", text)) == set(list_commands(PLAN))
    assert {path.stem.removeprefix("photomill-") for path in UNITS.glob("*.service")} == set(list_commands(PLAN))


@pytest.mark.parametrize("name", NODES)
def test_work_at_hand_is_finished_before_a_node_stops(name: str) -> None:
    unit = read_unit(name)
    assert int(unit["TimeoutStopSec"][0]) > LONGEST_TASK_SECONDS
    assert unit["KillMode"] == ["mixed"]


@pytest.mark.parametrize("name", list_commands(PLAN))
def test_no_unit_may_gain_rights_or_write_outside_its_folder(name: str) -> None:
    unit = read_unit(name)
    assert unit["User"] == ["photomill"]
    assert unit["NoNewPrivileges"] == unit["ProtectHome"] == ["yes"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["EnvironmentFile"] == ["/etc/photomill.env"]


def test_every_package_of_the_lock_is_named_with_its_licence() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    packages = set(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE))
    named = dict(re.findall(r"^\| ([\w.-]+) \| (.+) \|$", (ROOT / "THIRD_PARTY.md").read_text(), re.MULTILINE))
    assert packages == set(named) - {"package"}
    assert not [name for name, licence in named.items() if re.search(r"(?<!L)GPL", licence) or not licence.strip()]


def test_the_example_has_every_secret_that_compose_asks_for_and_none_is_filled_in() -> None:
    text = (ROOT / ".env.example").read_text()
    required = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "compose.yaml").read_text()))
    lines = dict(re.findall(r"^(?:# )?(\w+)=(.*)$", text, re.MULTILINE))
    assert required <= set(lines)
    assert not [
        name for name in lines if name.endswith(("_PASSWORD", "_KEY", "_KEYS")) and lines[name] not in ("", "photomill")
    ]
