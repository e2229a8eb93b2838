"""Point operations: what becomes of each of the 256 values of a channel."""

from collections.abc import Callable, Sequence

from PIL import Image

Table = Sequence[int]
IDENTITY_TABLE: Table = range(256)


def make_table(change: Callable[[int], float]) -> Table:
    """The table of a function of one value: results are clamped to 0…255, then their fraction is dropped."""
    return [int(min(max(change(value), 0), 255)) for value in range(256)]


def apply_tables(image: Image.Image, red: Table, green: Table, blue: Table) -> Image.Image:
    """The image with each colour channel looked up in its table; alpha stays."""
    tables = [*red, *green, *blue]
    return image.point(tables if image.mode == "RGB" else [*tables, *IDENTITY_TABLE])


def apply_table(image: Image.Image, table: Table) -> Image.Image:
    """The image with every colour channel looked up in the same table; alpha stays."""
    return apply_tables(image, table, table, table)
