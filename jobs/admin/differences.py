"""What one version of a recipe has that another has not, step by step, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from jobs.admin.wording import describe_step, describe_value

Values = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One line. where: the step in the newer version, in the older where it is gone, or the output."""

    kind: Literal["added", "removed", "changed"]
    where: str
    text: str


def compare_versions(old: Values, new: Values) -> list[Difference]:
    """Every difference of two versions, each with its `steps` and its `output`."""
    return [*_compare_steps(old["steps"], new["steps"]), *_compare_values("Output", old["output"], new["output"])]


def _compare_steps(old: list[Values], new: list[Values]) -> Iterator[Difference]:
    names = [[str(step.get("operation")) for step in steps] for steps in (old, new)]
    for _, first, last, begin, end in SequenceMatcher(None, names[0], names[1], autojunk=False).get_opcodes():
        same = names[0][first:last] == names[1][begin:end]
        if same:
            for place in range(end - begin):
                step = new[begin + place]
                where = f"Step {begin + place + 1}, {step.get('operation')}"
                yield from _compare_values(where, old[first + place].get("params", {}), step.get("params", {}))
        else:
            yield from (Difference("removed", f"Step {n + 1}", describe_step(old[n])) for n in range(first, last))
            yield from (Difference("added", f"Step {n + 1}", describe_step(new[n])) for n in range(begin, end))


def _compare_values(where: str, old: Values, new: Values) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            before, after = (describe_value(one[name]) if name in one else "as usual" for one in (old, new))
            yield Difference("changed", where, f"{name}: {before} → {after}")
