"""Tables in plain text."""

from collections.abc import Iterable, Iterator, Sequence


def format_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need be: the first to the left, the others to the right; an empty line behind."""
    rows = [list(head), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
        if number == 0:
            yield "─" * (sum(widths) + 2 * (len(widths) - 1))
    yield ""
