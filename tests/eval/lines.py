"""Lines of faces and bodies, against those that somebody read in the photographs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processing.detectors import faces, people
from processing.detectors.faces import Face
from processing.detectors.people import Person
from tests.bench.tables import format_table
from tests.eval.album import Photo
from tests.eval.goals import LINE_PER_CENT, LINE_SHARE, Goal

OF_FACE = {
    "eyes": lambda face: (face.left_eye[1] + face.right_eye[1]) / 2,
    "nose_tip": lambda face: face.nose[1],
    "mouth": lambda face: face.mouth[1],
    "chin": lambda face: face.chin[1],
}
OF_PERSON = {
    "head_top": lambda person: person.head_top_y,
    "shoulders": lambda person: person.shoulder_y,
    "elbows_lower": lambda person: person.elbow_y,
    "waist": lambda person: person.waist_y,
    "hips": lambda person: person.hip_y,
    "knees_lower": lambda person: person.knee_y,
    "feet": lambda person: person.foot_y,
}


@dataclass(frozen=True)
class Line:
    """One line in per cent of the picture's height. found: None where it was not found."""

    photo: str
    name: str
    known: float
    found: float | None

    @property
    def is_right(self) -> bool:
        return self.found is not None and abs(self.found - self.known) <= LINE_PER_CENT


def missing() -> str | None:
    """Why lines cannot be found here, or None."""
    return faces.missing() or people.missing()


def measure_lines(photo: Photo) -> list[Line]:
    """Every line of a photograph that somebody read."""
    image = photo.open()
    seen = faces.find(image)
    bodies = people.find(image, seen)
    person = bodies[0] if bodies else None
    face = (person and person.face) or (seen[0] if seen else None)
    return [
        Line(photo.name, name, known, _per_cent(_find(name, face, person), image.height))
        for name, known in photo.lines.items()
    ]


def _find(name: str, face: Face | None, person: Person | None) -> float | None:
    if name in OF_FACE:
        return OF_FACE[name](face) if face else None
    if name in OF_PERSON:
        return OF_PERSON[name](person) if person else None
    raise KeyError(f"nothing is known of the line {name!r}; known are {', '.join([*OF_FACE, *OF_PERSON])}")


def _per_cent(y: float | None, height: int) -> float | None:
    return None if y is None else y / height * 100


def show_lines(lines: Sequence[Line]) -> Iterator[str]:
    rows = [
        [f"{line.photo}: {line.name}", f"{line.known:.1f}", *_show_found(line), "" if line.is_right else "off"]
        for line in lines
    ]
    yield from format_table(["Lines, per cent of the height", "read", "found", "by", ""], rows)


def _show_found(line: Line) -> tuple[str, str]:
    return ("–", "") if line.found is None else (f"{line.found:.1f}", f"{line.found - line.known:+.1f}")


def list_goals(lines: Sequence[Line]) -> Iterator[Goal]:
    if lines:
        share = sum(line.is_right for line in lines) / len(lines)
        yield Goal(f"lines within {LINE_PER_CENT:g} % of the height", LINE_SHARE, share, is_least=True)
