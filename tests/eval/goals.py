"""What is to be reached, and what was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.bench.tables import format_table

MEAN_IOU, WORST_IOU = 0.97, 0.9
FRINGE = 2.0
"""Levels of 255 of another colour than the object's along its edge."""

LINE_SHARE = 0.9
"""The share of lines that lie within LINE_PER_CENT of the picture's height of where somebody read them."""

LINE_PER_CENT = 3.0
PLATES = 0.9
"""The share of licence plates of which four fifths are covered."""


@dataclass(frozen=True)
class Goal:
    """What is to be reached, at the most or, with is_least, at the least; and what was."""

    name: str
    wanted: float
    reached: float
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.reached >= self.wanted if self.is_least else self.reached <= self.wanted


def show_goals(goals: Iterable[Goal]) -> Iterator[str]:
    lines = [
        [
            goal.name,
            f"{'≥' if goal.is_least else '≤'} {goal.wanted:g}",
            f"{goal.reached:.3f}",
            "met" if goal.is_met else "MISSED",
        ]
        for goal in goals
    ]
    yield from format_table(["Goals", "wanted", "reached", ""], lines)
