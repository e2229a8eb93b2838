"""Licence plates: texts that read as one, or that lie on a car. The best that can be done here, and no guarantee.

RapidOCR finds and reads the texts. It reads Latin plates, so others are found by their place on a car alone.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from processing import models, solutions, tiles, weights
from processing.boxes import Point, area, around, grow, inside, keep_best, to_rect
from processing.detectors import objects
from processing.geometry import Box, Rect, Size

MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")

MOST_PIXELS, LEAST_PIXELS = 1280, 640
"""How long the longer side of what is read is."""

MOST_CARS, CLOSER, ROOM = 6, 1.3, 0.1
"""So many cars are read once more by themselves, the largest first, where that shows them larger by this factor; with
this much room, against their longer side."""

LONGEST = 4
"""Long side to short side of what is read."""

PLATE = re.compile(r"(?=.*\d)[0-9A-Z]{4,9}")
"""What a Latin plate says, without its blanks and signs: 4 to 9 letters and digits, one digit at the least."""

READ = 0.5
"""A text that was read less surely than this says nothing, away from cars."""

LIKE_A_PLATE = (1.3, 9.0)
"""Width to height of a text on a car that counts though it does not read as a plate."""

LOWER_PART = 0.3
"""So much of a car, from above, has no plate."""

PART_OF_CAR = (0.45, 0.2)
"""No plate takes more of a car's width and height than this."""

BESIDE, ABOVE = 0.15, 0.4
"""A plate is larger than its text: by these shares of the text's width and height, on each side."""

CARS = ("car", "vehicle")
SQUARE, OVERLAP, SAME_CAR = 0.35, 0.4, 0.4
"""A large picture is searched for cars in squares of this part of its longer side."""

ON_CAR = 0.8


SAME_PLATE = 0.3

Corners = tuple[Point, Point, Point, Point]


@dataclass(frozen=True)
class Plate:
    """A plate in pixels of the picture that was looked at, estimated from its text: it may reach beyond the edges.

    corners: clockwise from the top left one of the text. box: upright, around them. confidence: 0 to 1, of the
    reading. text_like: whether what it says reads as a plate; False where only its place on a car speaks for it.
    """

    corners: Corners
    box: Box
    confidence: float
    text_like: bool


def missing() -> str | None:
    """Why plates cannot be found here, or None. Without the model of `objects` only readable ones are."""
    packages = ("rapidocr", "onnxruntime", "cv2")
    return next(filter(None, map(weights.missing_package, packages)), None) or weights.missing(*MODELS)


def find(image: Image.Image) -> tuple[Plate, ...]:
    """What may be a plate in an upright picture, the surest first."""
    cars = _find_cars(image)
    windows = [(0, 0, *image.size), *_list_close_ups(cars, image.size)]
    found = [
        _describe(text, is_plate=is_plate)
        for window in windows
        for text in _read_texts(image, window)
        if (is_plate := is_plate_text(text.says) and text.score >= READ) or any(_is_on_car(text, car) for car in cars)
    ]
    return tuple(keep_best(found, most_shared=SAME_PLATE))


def is_plate_text(text: str) -> bool:
    """Whether a text reads as a Latin plate: `5AU-5341` does, `TAXI` and `Call 555 123 4567` do not."""
    return bool(PLATE.fullmatch(re.sub(r"[\W_]", "", text.upper())))


@dataclass(frozen=True)
class Text:
    """What was read somewhere. corners: clockwise from its top left one. score: how surely it was read, 0 to 1."""

    corners: Corners
    says: str
    score: float

    @property
    def box(self) -> Box:
        return _around(self.corners)


def _around(corners: Corners) -> Box:
    return around([(*point, *point) for point in corners])


def _describe(text: Text, *, is_plate: bool) -> Plate:
    grown = _grow(text.corners)
    return Plate(grown, _around(grown), text.score, is_plate)


def _list_close_ups(cars: Sequence[Box], size: Size) -> Iterator[Rect]:
    """The parts of a large picture that show a car of its own."""
    for car in sorted(cars, key=area, reverse=True)[:MOST_CARS]:
        room = ROOM * max(car[2] - car[0], car[3] - car[1])
        rect = to_rect(grow(car, by=room), size)
        seen = [min(1.0, MOST_PIXELS / max(sides)) for sides in (rect[2:], size)]
        if seen[0] >= CLOSER * seen[1]:
            yield rect


def _read_texts(image: Image.Image, window: Rect) -> Iterator[Text]:
    """Every text in a part of the picture."""
    x, y, width, _ = window
    pixels = solutions.take(image, window, most=MOST_PIXELS, least=LEAST_PIXELS)
    factor = width / pixels.shape[1]
    read = _reader()(np.ascontiguousarray(_fill_up(pixels)[:, :, ::-1]), use_cls=False)
    if read.boxes is None or read.txts is None:
        return
    for box, says, score in zip(read.boxes, read.txts, read.scores, strict=True):
        first, second, third, fourth = ((x + float(across) * factor, y + float(down) * factor) for across, down in box)
        yield Text((first, second, third, fourth), says, float(score))


def _fill_up(pixels: solutions.Pixels) -> solutions.Pixels:
    """A long picture with white at its end: the reader enlarges the shorter side, whatever becomes of the longer."""
    high, wide = pixels.shape[:2]
    least = -(-max(high, wide) // LONGEST)
    room = ((0, max(0, least - high)), (0, max(0, least - wide)), (0, 0))
    return np.pad(pixels, room, constant_values=255)


def _reader() -> Any:
    return models.load(MODELS[0], _build)


def _build() -> Any:
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{name}_op_num_threads": models.threads() for name in ("intra", "inter")}
    options = {
        "Global.log_level": "critical",
        # Plates are read badly where they are small, and a text that was misread is still to be blurred.
        "Global.text_score": 0.0,
        "Det.box_thresh": 0.3,
        "Det.model_path": str(weights.path_of(MODELS[0])),
        "Rec.model_path": str(weights.path_of(MODELS[1])),
    }
    return RapidOCR(params={**options, **threads})


def _find_cars(image: Image.Image) -> list[Box]:
    """The cars in a picture; in a large one also those that are small in it."""
    if objects.missing():
        return []
    longer = max(image.size)
    squares = tiles.cover(image.size, int(longer * SQUARE), overlap=OVERLAP) if longer > MOST_PIXELS else ()
    cars = [car for window in ((0, 0, *image.size), *squares) for car in _find_cars_in(image, window)]
    return [car.box for car in keep_best(cars, most_shared=SAME_CAR)]


def _find_cars_in(image: Image.Image, window: Rect) -> Iterator[objects.Thing]:
    x, y, width, height = window
    for thing in objects.find(image.crop((x, y, x + width, y + height))):
        if thing.label in CARS:
            left, top, right, bottom = thing.box
            yield replace(thing, box=(left + x, top + y, right + x, bottom + y))


def _is_on_car(text: Text, car: Box) -> bool:
    """Whether a text lies where a car has its plate, and has the shape of one."""
    box, corners = text.box, text.corners
    low = (car[0], car[1] + LOWER_PART * (car[3] - car[1]), car[2], car[3])
    width, height = math.dist(corners[0], corners[1]), math.dist(corners[0], corners[3])
    is_small = all(box[axis + 2] - box[axis] <= PART_OF_CAR[axis] * (car[axis + 2] - car[axis]) for axis in (0, 1))
    return is_small and inside(box, low) >= ON_CAR and LIKE_A_PLATE[0] * height <= width <= LIKE_A_PLATE[1] * height


def _grow(corners: Corners) -> Corners:
    """The plate around a text, along the text's own axes."""
    first, second, third, fourth = (np.array(point) for point in corners)
    across, down = BESIDE * (second - first), ABOVE * (fourth - first)
    grown = (first - across - down, second + across - down, third + across + down, fourth - across + down)
    top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in grown)
    return top_left, top_right, bottom_right, bottom_left
