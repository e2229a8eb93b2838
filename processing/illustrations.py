"""Pictures of what operations do: before and after for OPERATIONS.md, and a sheet of all to look at.

The photographs are scikit-image's: Chelsea the cat (Stefan van der Walt, CC0), a cup of coffee (Rachel Michetti, CC0)
and the astronaut Eileen Collins (NASA, public domain).
"""

import importlib.util
import io
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from processing import operations
from processing.base import AssetRef, Context, Illustration, Operation, Step, find_assets
from processing.geometry import Size
from processing.picture import Picture, SourceFacts, scale

SIZE = (240, 180)
GAP = 8
GROUND = (255, 255, 255)
CHECKS = ((255, 255, 255), (215, 215, 215))
CHECK_SIDE = 8

MOST_BYTES = 12_000
QUALITIES = range(80, 20, -5)
"""Qualities that are tried until a picture is small enough."""

MASK = "mask.png"
"""The name of a picture that marks something."""

NOISE_LEVELS = 9
BLOCKY_QUALITY = 12
LABEL_SIZE, CAPTION_SIZE = 18, 11
CAPTION_WIDTH, CAPTION_LINES = 44, 3
COLUMNS = 4


def draw_pair(operation: type[Operation]) -> Image.Image:
    """Before and after, side by side and at one scale. Raises ImageError where the operation does."""
    illustration = list_illustrations(operation)[0]
    return _lay_in_row(_fit_alike([_start(illustration), _apply(operation, illustration)]))


def encode(image: Image.Image) -> bytes:
    """The picture as WebP of at most 12 kB, or else at the lowest quality that is tried."""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=4)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()


def draw_sheet() -> Image.Image:
    """Every operation that is available here with all its illustrations, each row headed by its name."""
    rows = [row for operation in operations.all().values() if not operation.missing() for row in _draw_rows(operation)]
    return _lay_in_column(rows)


def list_illustrations(operation: type[Operation]) -> Sequence[Illustration]:
    """The operation's illustrations, or its examples where it has none."""
    return operation.illustrations or [Illustration(example.params) for example in operation.examples]


def _start(illustration: Illustration) -> Image.Image:
    image = PHOTOS[illustration.photo]()
    for step in illustration.before:
        image = _run(operations.get(step.operation), image, step)
    return image


def _apply(operation: type[Operation], illustration: Illustration) -> Image.Image:
    return _run(operation, _start(illustration), Step(operation=operation.name, params=illustration.params))


def _run(operation: type[Operation], image: Image.Image, step: Step) -> Image.Image:
    params = operations.parse(step.operation, step.params)
    context = Context(assets={asset.name: _draw_asset(asset) for asset in find_assets(params)})
    picture = Picture(frames=(image,), size=image.size, source=SourceFacts("png", image.size, image.mode))
    return operation.apply(picture, params, context).frames[0]


# --- Photographs ---------------------------------------------------------------------------------------------------


def _open_photo(name: str) -> Image.Image:
    spec = importlib.util.find_spec("skimage")
    (folder,) = spec.submodule_search_locations if spec and spec.submodule_search_locations else [""]
    with Image.open(Path(folder, "data", f"{name}.png")) as image:
        return ImageOps.fit(image.convert("RGB"), SIZE, Image.Resampling.LANCZOS, centering=(0.5, 0.3))


def _make_noisy() -> Image.Image:
    """The coffee as with too little light: every channel of every pixel is off by some levels."""
    pixels = np.asarray(_open_photo("coffee"), np.float32)
    noise = np.random.default_rng(1).normal(0, NOISE_LEVELS, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def _make_dull() -> Image.Image:
    """The cat in mist: its tones squeezed into the middle of the range."""
    return _open_photo("chelsea").point(lambda value: 90 + value // 3)


def _make_cutout() -> Image.Image:
    """The cup of coffee on a round plate of its own, with nothing around it."""
    made = _open_photo("coffee")
    mask = Image.new("L", (SIZE[0] * 4, SIZE[1] * 4))
    ImageDraw.Draw(mask).ellipse((120, 60, mask.width - 120, mask.height - 60), fill=255)
    made.putalpha(mask.resize(SIZE, Image.Resampling.LANCZOS))
    return made


def _make_plated() -> Image.Image:
    """The cat with a licence plate before it."""
    made = _open_photo("chelsea")
    plate = _write(Image.new("RGB", (120, 30), GROUND), "5AU 5341", size=22, gravity="center")
    made.paste(plate, (60, 130))
    return made


def _make_blocky() -> Image.Image:
    """The coffee after it was saved as a small JPEG."""
    buffer = io.BytesIO()
    _open_photo("coffee").save(buffer, "JPEG", quality=BLOCKY_QUALITY)
    return Image.open(buffer).convert("RGB")


PHOTOS = {
    "chelsea": lambda: _open_photo("chelsea"),
    "coffee": lambda: _open_photo("coffee"),
    "astronaut": lambda: _open_photo("astronaut"),
    "noisy": _make_noisy,
    "dull": _make_dull,
    "blocky": _make_blocky,
    "cutout": _make_cutout,
    "plate": _make_plated,
}


def _draw_asset(asset: AssetRef) -> bytes:
    return _draw_mask() if asset.location == MASK else _draw_logo()


@cache
def _draw_mask() -> bytes:
    """Marks the handle and the spoon of the coffee, as PNG."""
    mask = Image.new("LA", SIZE)
    ImageDraw.Draw(mask).ellipse((70, 95, 162, 150), fill=(255, 255))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _draw_logo() -> bytes:
    """A round see-through plate with a letter, as PNG."""
    logo = Image.new("RGBA", (320, 320))
    ImageDraw.Draw(logo).ellipse((4, 4, 315, 315), fill=(200, 30, 45, 210), outline="white", width=10)
    buffer = io.BytesIO()
    _write(logo, "P", size=220, color="#ffffff", gravity="center").save(buffer, "PNG")
    return buffer.getvalue()


def _write(image: Image.Image, text: str, *, size: int, color: str = "#000000", gravity: str) -> Image.Image:
    params = {"text": text, "size": size, "color": color, "gravity": gravity}
    return _run(operations.get("annotation"), image, Step(operation="annotation", params=params))


# --- Layout --------------------------------------------------------------------------------------------------------


def _draw_rows(operation: type[Operation]) -> Iterator[Image.Image]:
    yield _write(Image.new("RGB", (SIZE[0], 2 * LABEL_SIZE), GROUND), operation.name, size=LABEL_SIZE, gravity="west")
    for _, alike in groupby(list_illustrations(operation), key=lambda each: (each.photo, each.before)):
        group = list(alike)
        for first in range(0, len(group), COLUMNS - 1):
            tiles = [_caption(_apply(operation, each), _describe(each)) for each in group[first : first + COLUMNS - 1]]
            yield _lay_in_row([_caption(_start(group[0]), "before"), *tiles])


def _describe(illustration: Illustration) -> str:
    return json.dumps(illustration.params, ensure_ascii=False)


def _fit_alike(images: Sequence[Image.Image]) -> list[Image.Image]:
    """The images scaled down by one factor, so that none is larger than a photograph; never up."""
    factor = min(1.0, *(side / image.size[axis] for image in images for axis, side in enumerate(SIZE)))
    return [_show(image, (round(image.width * factor), round(image.height * factor))) for image in images]


def _show(image: Image.Image, size: Size) -> Image.Image:
    """The image in this size, at least 1 a side, over checks where it is transparent."""
    image = scale(image, (max(1, size[0]), max(1, size[1])))
    if image.mode != "RGBA":
        return image
    ground = _draw_checks(image.size)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _draw_checks(size: Size) -> Image.Image:
    y, x = np.mgrid[0 : size[1], 0 : size[0]] // CHECK_SIDE
    return Image.fromarray(np.array(CHECKS, np.uint8)[(x + y) % 2])


def _caption(image: Image.Image, text: str) -> Image.Image:
    """The image above its caption, which is broken into lines."""
    lines = [text[start : start + CAPTION_WIDTH] for start in range(0, len(text), CAPTION_WIDTH)][:CAPTION_LINES]
    below = Image.new("RGB", (SIZE[0], CAPTION_LINES * CAPTION_SIZE * 3 // 2), GROUND)
    below = _write(below, "\n".join(lines), size=CAPTION_SIZE, gravity="northwest")
    tile = Image.new("RGB", (SIZE[0], SIZE[1] + below.height), GROUND)
    tile.paste(*_fit_alike([image]))
    tile.paste(below, (0, SIZE[1]))
    return tile


def _lay_in_row(images: Sequence[Image.Image]) -> Image.Image:
    row = Image.new("RGB", (sum(image.width + GAP for image in images) - GAP, max(i.height for i in images)), GROUND)
    left = 0
    for image in images:
        row.paste(image, (left, 0))
        left += image.width + GAP
    return row


def _lay_in_column(images: Sequence[Image.Image]) -> Image.Image:
    column = Image.new("RGB", (max(i.width for i in images), sum(image.height + GAP for image in images)), GROUND)
    top = 0
    for image in images:
        column.paste(image, (0, top))
        top += image.height + GAP
    return column
