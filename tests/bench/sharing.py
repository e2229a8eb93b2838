"""What several variants of one source cost beside one: it is decoded once, and each is scaled from what is there."""

import statistics
from dataclasses import dataclass

from processing.child import Child
from tests.bench.pixels import BOX, OURS_IN_CHILD, THREE_BOXES, Case, make_ways, measure_once

ROUNDS = 5


@dataclass(frozen=True)
class Sharing:
    """CPU milliseconds for one source through the child, with one variant and with three."""

    one_cpu_ms: float
    three_cpu_ms: float

    @property
    def ratio(self) -> float:
        return self.three_cpu_ms / self.one_cpu_ms


def measure_sharing(sources: list[bytes], child: Child) -> Sharing:
    """The mean over the photos of each one's median; one and three in turn."""
    ways = [make_ways(Case("", sources, "jpeg", boxes), child)[OURS_IN_CHILD] for boxes in ((BOX,), THREE_BOXES)]
    sums = [0.0, 0.0]
    for source in sources:
        rounds = [[measure_once(way, source, child)[0] for way in ways] for _ in range(ROUNDS)]
        for number in range(2):
            sums[number] += statistics.median(spent[number] for spent in rounds)
    one, three = (total / len(sources) * 1000 for total in sums)
    return Sharing(one, three)
