"""The sheet to look at: every picture beside its cut-out on white, black and magenta, worst first, and all figures."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from tests.eval.cutting import Cut

HEIGHT = 240
GROUNDS = ("white", "black", "magenta")
QUALITY = 85

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Photomill: what it sees</title>
<style>body {{ font: 14px sans-serif; margin: 2em }} img {{ display: block; max-width: 100% }}</style>
<h1>What it sees</h1>
<pre>{tables}</pre>
{rows}
"""
ROW = '<p>{title}<img src="{file}" loading="lazy" alt=""></p>'


def write_sheet(folder: Path, cuts: Sequence[Cut], tables: Iterable[str]) -> Path:
    """Write `index.html` and a JPEG for each cut-out to the folder; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_write_row(folder, number, cut) for number, cut in enumerate(sorted(cuts, key=_rank))]
    page = folder / "index.html"
    page.write_text(PAGE.format(tables=html.escape("\n".join(tables)), rows="\n".join(rows)), "utf-8")
    return page


def _rank(cut: Cut) -> float:
    return cut.figures.iou if cut.figures else 0.0 if cut.has_reference else 1.0


def _write_row(folder: Path, number: int, cut: Cut) -> str:
    file = f"{number:03}.jpg"
    draw_strip(cut).save(folder / file, quality=QUALITY)
    figures = f": IoU {cut.figures.iou:.4f}" if cut.figures else "" if cut.made else ": nothing found"
    return ROW.format(title=html.escape(cut.name + figures), file=file)


def draw_strip(cut: Cut) -> Image.Image:
    """The picture, its cut-out on each ground and its alpha, side by side."""
    tiles = [cut.source.convert("RGB")]
    if cut.made:
        tiles += [_lay_over(cut.made, ground) for ground in GROUNDS]
        tiles.append(cut.made.getchannel("A").convert("RGB"))
    small = [tile.resize((max(1, round(tile.width * HEIGHT / tile.height)), HEIGHT)) for tile in tiles]
    strip = Image.new("RGB", (sum(tile.width for tile in small), HEIGHT))
    left = 0
    for tile in small:
        strip.paste(tile, (left, 0))
        left += tile.width
    return strip


def _lay_over(cut: Image.Image, ground: str) -> Image.Image:
    made = Image.new("RGB", cut.size, ground)
    made.paste(cut, mask=cut)
    return made
