"""What is to be reached, and what was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.bench.tables import format_table

PIPELINE = 1.15
"""CPU time through the child as a multiple of the better library's, of each format from itself to itself."""

ROAD_MS = 15.0
"""CPU milliseconds for one item of everything but the pixels."""

SHARING = 1.6
"""CPU time of three variants as a multiple of that of one."""

GROWTH_MB = 30.0
"""How much memory a child may win after its first pictures."""

OVERHEAD = 1.25
"""CPU time of seeing as a multiple of that of the models alone."""

PASS_MS = 200.0
"""One pass of the sweep, one chunk of the purge."""

PAGE_MS, PAGE_STATEMENTS = 1000.0, 20.0
"""A list of the admin."""


@dataclass(frozen=True)
class Goal:
    """What is to be reached, and what was."""

    name: str
    wanted: float
    reached: float

    @property
    def is_met(self) -> bool:
        return self.reached <= self.wanted


def show_goals(goals: Iterable[Goal]) -> Iterator[str]:
    lines = [
        [goal.name, f"≤ {goal.wanted:g}", f"{goal.reached:.2f}", "met" if goal.is_met else "MISSED"] for goal in goals
    ]
    yield from format_table(["Goals", "wanted", "reached", ""], lines)
