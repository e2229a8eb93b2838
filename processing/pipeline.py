"""The way of one source through its variants: decode once, share what chains have in common, encode each."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from processing import operations
from processing.analysis import Analysis
from processing.base import Context, Operation, Params, Step
from processing.decoders import load
from processing.encoders import Encoded, encode, keeps_frames
from processing.errors import ImageError, UnavailableOperation
from processing.formats import Output
from processing.geometry import Size
from processing.limits import Limits
from processing.picture import Picture, SourceFacts

REDUCE_MARGIN = 1.5
"""A reduced decode keeps half as many pixels again as are needed along each side, so that the last scaling still
filters. A JPEG is reduced by powers of two: what is left is then a factor of 1.5 to 3, which libvips does in one step.
"""


@dataclass(frozen=True)
class Variant:
    """One chain and how its result is written."""

    steps: tuple[Step, ...] = ()
    output: Output = field(default_factory=Output)


@dataclass(frozen=True)
class Outcome:
    """What became of one variant: exactly one of `encoded` and `error`. milliseconds: its own steps and encoding."""

    encoded: Encoded | None = None
    error: ImageError | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """What became of one source: its facts, and one outcome per variant in their order."""

    source: SourceFacts
    outcomes: list[Outcome]
    decode_milliseconds: float


@dataclass(frozen=True)
class _Link:
    """A step that is ready to run."""

    operation: type[Operation]
    params: Params
    key: str


_Chain = tuple[_Link, ...]


def run(data: bytes, variants: Sequence[Variant], *, limits: Limits, assets: dict[str, bytes] | None = None) -> Result:
    """Decode the source once and make every variant of it.

    An error of one variant is its outcome alone. Raises ImageError where the source itself is at fault.
    """
    chains = [_prepare(variant) for variant in variants]
    started = time.perf_counter()
    animated = any(keeps_frames(variant.output) for variant in variants)
    picture = load(data, limits, lambda size: _wanted_size(chains, size), animated=animated)
    decoded = _since(started)
    context = Context(limits=limits, assets=assets or {}, analysis=Analysis(picture))
    outcomes: dict[int, Outcome] = {}
    _run_chains(picture, list(enumerate(chains)), 0, variants, context, outcomes, 0.0)
    return Result(picture.source, [outcomes[index] for index in range(len(variants))], decoded)


def _prepare(variant: Variant) -> _Chain | ImageError:
    try:
        return tuple(_prepare_step(step) for step in variant.steps)
    except ImageError as error:
        return error


def _prepare_step(step: Step) -> _Link:
    operation = operations.get(step.operation)
    reason = operation.missing()
    if reason:
        raise UnavailableOperation(f"{step.operation} is not available here: {reason}", param="operation")
    params = operations.parse(step.operation, step.params)
    return _Link(operation, params, f"{step.operation} {params.model_dump_json()}")


def _wanted_size(chains: Iterable[_Chain | ImageError], size: Size) -> Size | None:
    """The size that serves every variant's first step, with margin; None when one needs every pixel."""
    wanted = (0, 0)
    for chain in chains:
        if isinstance(chain, ImageError):
            continue
        if any(link.operation.needs_model for link in chain):
            return None
        first = chain[0].operation.decode_size(chain[0].params, size) if chain else None
        if first is None:
            return None
        wanted = (max(wanted[0], first[0]), max(wanted[1], first[1]))
    if not min(wanted):
        return None
    return round(wanted[0] * REDUCE_MARGIN), round(wanted[1] * REDUCE_MARGIN)


def _run_chains(
    picture: Picture,
    chains: list[tuple[int, _Chain | ImageError]],
    depth: int,
    variants: Sequence[Variant],
    context: Context,
    outcomes: dict[int, Outcome],
    spent: float,
) -> None:
    """Finish the chains that end here, and run each distinct next step once for all that share it."""
    groups: dict[str, list[tuple[int, _Chain]]] = {}
    for index, chain in chains:
        if isinstance(chain, ImageError):
            outcomes[index] = Outcome(error=chain)
        elif len(chain) == depth:
            outcomes[index] = _attempt(lambda i=index: encode(picture, variants[i].output), spent)  # type: ignore[misc]
        else:
            groups.setdefault(chain[depth].key, []).append((index, chain))
    for group in groups.values():
        _run_group(picture, group, depth, variants, context, outcomes, spent)


def _run_group(
    picture: Picture,
    group: list[tuple[int, _Chain]],
    depth: int,
    variants: Sequence[Variant],
    context: Context,
    outcomes: dict[int, Outcome],
    spent: float,
) -> None:
    link = group[0][1][depth]
    started = time.perf_counter()
    if not any(keeps_frames(variants[index].output) for index, _ in group):
        picture = picture.still()
    try:
        ready = picture if link.operation.decode_size(link.params, picture.size) else picture.in_full()
        made = link.operation.apply(ready, link.params, context)
    except ImageError as error:
        outcomes.update({index: Outcome(error=error, milliseconds=spent + _since(started)) for index, _ in group})
        return
    rest: list[tuple[int, _Chain | ImageError]] = list(group)
    _run_chains(made, rest, depth + 1, variants, context, outcomes, spent + _since(started))


def _attempt(make: Callable[[], Encoded], spent: float) -> Outcome:
    started = time.perf_counter()
    try:
        encoded = make()
    except ImageError as error:
        return Outcome(error=error, milliseconds=spent + _since(started))
    return Outcome(encoded=encoded, milliseconds=spent + _since(started))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
