"""All figures of one run."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import report as bench
from tests.eval import cutting, enlarging, lines, plates, restoring
from tests.eval.cutting import Cut
from tests.eval.enlarging import Enlarged
from tests.eval.goals import Goal
from tests.eval.lines import Line
from tests.eval.plates import Found
from tests.eval.restoring import Restored

PHOTOS, FLAT, ROUGH = "photographs", "scenes on flat grounds", "scenes on other grounds"


@dataclass
class Report:
    """What was measured; lists of what was not are empty. photos: those with a reference come with figures."""

    photos: list[Cut] = field(default_factory=list)
    flat: list[Cut] = field(default_factory=list)
    rough: list[Cut] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    plates: list[Found] = field(default_factory=list)
    enlarged: list[Enlarged] = field(default_factory=list)
    restored: list[Restored] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def cuts(self) -> list[Cut]:
        return [*self.photos, *self.flat, *self.rough]

    def goals(self) -> list[Goal]:
        return [
            *cutting.list_goals(PHOTOS, self.photos),
            *cutting.list_goals(FLAT, self.flat),
            *cutting.list_goals(ROUGH, self.rough),
            *lines.list_goals(self.lines),
            *plates.list_goals(self.plates),
            *enlarging.list_goals(self.enlarged),
            *restoring.list_goals(self.restored),
        ]

    def tables(self) -> Iterator[str]:
        yield bench.name_machine()
        yield ""
        for title, cuts in ((PHOTOS, self.photos), (FLAT, self.flat), (ROUGH, self.rough)):
            if cuts:
                yield from cutting.show_cuts(title[0].upper() + title[1:], cuts)
        if self.cuts:
            yield from cutting.show_cost(self.cuts)
        if self.lines:
            yield from lines.show_lines(self.lines)
        if self.plates:
            yield from plates.show_plates(self.plates)
        if self.enlarged:
            yield from enlarging.show_enlarging(self.enlarged)
        if self.restored:
            yield from restoring.show_restoring(self.restored)
        yield from self.left_out

    def write(self, path: Path) -> None:
        """The figures as JSON, without rounding."""
        path.write_text(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n", "utf-8")

    def to_dict(self) -> dict[str, Any]:
        return {
            "machine": bench.describe_machine(),
            "cuts": [_write_cut(cut) for cut in self.cuts],
            "lines": [asdict(line) for line in self.lines],
            "plates": [asdict(each) for each in self.plates],
            "enlarged": [asdict(row) for row in self.enlarged],
            "restored": [asdict(row) for row in self.restored],
            "left_out": self.left_out,
            "goals": [asdict(goal) | {"is_met": goal.is_met} for goal in self.goals()],
        }


def _write_cut(cut: Cut) -> dict[str, Any]:
    plain = {name: getattr(cut, name) for name in ("name", "seconds", "cpu_seconds", "peak_bytes", "loads")}
    return plain | {"is_found": cut.made is not None, "figures": asdict(cut.figures) if cut.figures else None}
