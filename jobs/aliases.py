"""Steps by the names that a product's own endpoints have: each stands for steps of ours."""

from collections.abc import Sequence

from jobs import dialects
from processing import operations
from processing.base import Step
from processing.formats import Output


def expand(steps: Sequence[Step], output: Output) -> tuple[list[Step], Output]:
    """The steps with every product's name replaced by what it stands for.

    What such a step says of the result counts where it is the last, and the output says nothing itself.
    Raises MalformedRequest for parameters that its endpoint would not take.
    """
    made: list[Step] = []
    for number, step in enumerate(steps, start=1):
        chain = None if step.operation in operations.all() else _look_up(step)
        made += [step] if chain is None else chain[0]
        if chain and number == len(steps) and output == Output():
            output = chain[1]
    return made, output


def _look_up(step: Step) -> tuple[Sequence[Step], Output] | None:
    return next((found for dialect in dialects.all().values() if (found := dialect.expand(step))), None)
