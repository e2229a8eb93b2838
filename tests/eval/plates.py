"""Licence plates, against boxes that somebody drew; without such boxes, how many were found where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processing.boxes import area, overlap
from processing.detectors import plates
from processing.geometry import Box
from tests.bench.tables import format_table
from tests.eval.album import Photo
from tests.eval.goals import PLATES, Goal

COVERED = 0.8


@dataclass(frozen=True)
class Found:
    """The plates of one photograph. known: how many there are, None where nobody has looked. hit: covered by four
    fifths or more. beside: found where there is none."""

    photo: str
    known: int | None
    hit: int
    found: int
    beside: int


def missing() -> str | None:
    """Why plates cannot be found here, or None."""
    return plates.missing()


def measure_plates(photo: Photo) -> Found:
    found = [plate.box for plate in plates.find(photo.open())]
    if photo.plates is None:
        return Found(photo.name, None, 0, len(found), 0)
    hit = sum(max((_cover(plate, box) for box in found), default=0.0) >= COVERED for plate in photo.plates)
    beside = sum(all(not area(overlap(plate, box)) for plate in photo.plates) for box in found)
    return Found(photo.name, len(photo.plates), hit, len(found), beside)


def _cover(plate: Box, box: Box) -> float:
    """The share of the plate that the box covers."""
    return area(overlap(plate, box)) / area(plate)


def show_plates(found: Sequence[Found]) -> Iterator[str]:
    rows = [
        [each.photo, "?" if each.known is None else str(each.known), str(each.hit), str(each.found), str(each.beside)]
        for each in found
        if each.found or each.known
    ]
    yield from format_table(["Licence plates", "there", "covered", "found", "beside"], rows)


def list_goals(found: Sequence[Found]) -> Iterator[Goal]:
    known = sum(each.known or 0 for each in found)
    if known:
        yield Goal("plates that are covered", PLATES, sum(each.hit for each in found) / known, is_least=True)
