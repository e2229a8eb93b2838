"""The part of the demo that looks at pictures: what it asks for, and what it believes."""

import json
from pathlib import Path

import pytest
from PIL import Image

from jobs.chains import parse_steps
from jobs.dialects.native import fields
from project.demo.inspection import Finding
from project.demo.pictures import path_of
from project.demo.report import Report
from project.demo.sheet import write_sheet
from project.demo.sight import LOOKS, Look, Sighting, inspect

ON_WHITE = LOOKS[0]


def save(bucket: Path, look: Look, image: Image.Image) -> None:
    path = path_of(bucket, look.key)
    path.parent.mkdir(parents=True)
    image.save(path)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_request_is_one_that_the_api_reads(look: Look) -> None:
    asked = fields.read(fields.JobFields, look.request)
    assert asked.chains[0].name == look.name
    assert [step["operation"] for step in look.steps] == [
        step["operation"] for step in parse_steps(json.dumps(look.steps), account_id=0)
    ]


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (Image.new("RGB", (600, 600), "white"), ""),
        (Image.new("RGB", (600, 599), "white"), "pixels instead of"),
        (Image.new("RGB", (600, 600), "black"), "its corner is"),
    ],
)
def test_a_result_is_held_against_its_size_and_its_ground(tmp_path: Path, image: Image.Image, problem: str) -> None:
    save(tmp_path, ON_WHITE, image)
    found = inspect(ON_WHITE, tmp_path).problem
    assert problem in found
    assert bool(found) == bool(problem)


def test_a_result_that_is_not_there_is_a_problem_of_the_run(tmp_path: Path) -> None:
    sighting = Sighting(look=ON_WHITE, finding=inspect(ON_WHITE, tmp_path), seconds=1)
    assert Report(rows=[], seconds=1, sightings=[sighting]).problems == [f"{ON_WHITE.title}: it was not written"]


def test_the_page_shows_what_was_seen(tmp_path: Path) -> None:
    sighting = Sighting(look=ON_WHITE, finding=Finding(size=(600, 600), size_bytes=12_000), seconds=1.5)
    write_sheet(tmp_path / "index.html", Report(rows=[], seconds=1, sightings=[sighting]), bucket="bucket")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'src="bucket/results/coffee/on-white.jpg"' in text
    assert "1\u202f500 ms" in text
    assert "remove background" in text
