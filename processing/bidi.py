"""Which way the characters of a line run, and the order in which they stand: the Unicode Bidirectional Algorithm.

After Unicode Standard Annex #9, whose rules are named beside the code, for one line that is never wrapped. The
invisible controls that embed, override or isolate are passed over; the marks LRM, RLM and ALM count.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

OPENING = "([{༺༼᚛⁅⁽₍⌈⌊❨❪❬❮❰❲❴⟅⟦⟨⟪⟬⟮⦃⦅⦇⦉⦋⦍⦏⦑⦓⦕⦗⧘⧚⧼⸢⸤⸦⸨⹕⹗⹙⹛〈《「『【〔〖〘〚﹙﹛﹝（［｛｟｢"
CLOSING = ")]}༻༽᚜⁆⁾₎⌉⌋❩❫❭❯❱❳❵⟆⟧⟩⟫⟭⟯⦄⦆⦈⦊⦌⦐⦎⦒⦔⦖⦘⧙⧛⧽⸣⸥⸧⸩⹖⹘⹚⹜〉》」』】〕〗〙〛﹚﹜﹞）］｝｠｣"
PAIRS = dict(zip(OPENING, CLOSING, strict=True))
"""Brackets, each with its other; U+2329 is missing for it is normalised to U+3008."""

DEEPEST = 63
"""Open brackets that are kept in mind; a line that opens more has none (BD16)."""

STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
"""What a resolved type counts as beside neutral ones; numbers count as right to left."""

PASSED_OVER = ("BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
BLANKS = ("WS", *PASSED_OVER)


def find_levels(line: str) -> list[int]:
    """The level of each character: even where it runs from left to right, odd where from right to left."""
    types = [unicodedata.bidirectional(char) or "L" for char in line]
    base = find_base(types)
    counting = [place for place, kind in enumerate(types) if kind not in PASSED_OVER]
    text = "".join(line[place] for place in counting)
    found = iter(_resolve(text, [types[place] for place in counting], base))
    levels, level = [], base
    for kind in types:
        level = level if kind in PASSED_OVER else next(found)
        levels.append(level)
    return _reset_blanks(levels, types, base)


def find_base(types: Sequence[str]) -> int:
    """The line's own level, by its first strong character (P2, P3)."""
    first = next((kind for kind in types if kind in ("L", "R", "AL")), "L")
    return 0 if first == "L" else 1


def order(runs: Sequence[T], levels: Sequence[int]) -> list[T]:
    """The runs of a line, each of one level, from left to right (L2)."""
    placed = list(zip(runs, levels, strict=True))
    for level in range(max(levels, default=0), 0, -1):
        placed = [each for turned, group in _groups(placed, level) for each in (group[::-1] if turned else group)]
    return [run for run, _ in placed]


def _groups(placed: list[tuple[T, int]], level: int) -> Iterator[tuple[bool, list[tuple[T, int]]]]:
    for is_turned, group in groupby(placed, key=lambda each: each[1] >= level):
        yield is_turned, list(group)


def _resolve(text: str, types: list[str], base: int) -> list[int]:
    around = "R" if base else "L"
    types = _resolve_weak(types, around)
    types = _resolve_brackets(text, types, around)
    types = _resolve_neutral(types, around)
    return [_level(kind, base) for kind in types]


def _level(kind: str, base: int) -> int:
    """I1 and I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)


def _resolve_weak(types: list[str], around: str) -> list[str]:
    """Marks, numbers and what belongs to numbers (W1 to W7)."""
    types = _carry(types, around)
    types = _follow(types, around, lambda kind, strong: "AN" if kind == "EN" and strong == "AL" else kind)
    types = ["R" if kind == "AL" else kind for kind in types]
    types = _join_numbers(types)
    types = _join_terminators(types)
    types = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in types]
    return _follow(types, around, lambda kind, strong: "L" if kind == "EN" and strong == "L" else kind)


def _carry(types: list[str], around: str) -> list[str]:
    """Marks take on the type of what they stand on (W1)."""
    made: list[str] = []
    for kind in types:
        made.append((made[-1] if made else around) if kind == "NSM" else kind)
    return made


def _follow(types: list[str], around: str, change: Callable[[str, str], str]) -> list[str]:
    """Each type changed by the last strong one before it (W2, W7)."""
    made, strong = [], around
    for kind in types:
        strong = kind if kind in ("L", "R", "AL") else strong
        made.append(change(kind, strong))
    return made


def _join_numbers(types: list[str]) -> list[str]:
    """A single separator between two numbers belongs to them (W4)."""
    made = list(types)
    for place in range(1, len(types) - 1):
        before, kind, after = made[place - 1], types[place], types[place + 1]
        if before == after and (kind, before) in (("ES", "EN"), ("CS", "EN"), ("CS", "AN")):
            made[place] = before
    return made


def _join_terminators(types: list[str]) -> list[str]:
    """Currency and per cent signs beside a number belong to it (W5)."""
    made = list(types)
    for start, end in _stretches(types, lambda kind: kind == "ET"):
        if "EN" in (*types[max(0, start - 1) : start], *types[end : end + 1]):
            made[start:end] = ["EN"] * (end - start)
    return made


def _resolve_brackets(text: str, types: list[str], around: str) -> list[str]:
    """Brackets of a pair get the same direction, by what stands in them and then before them (N0)."""
    made = list(types)
    for opening, closing in sorted(_pair_brackets(text, types)):
        inside = {STRONG[kind] for kind in made[opening + 1 : closing] if kind in STRONG}
        if not inside:
            continue
        before = next((STRONG[kind] for kind in reversed(made[:opening]) if kind in STRONG), around)
        way = around if around in inside or before == around else before
        for place in (opening, closing):
            _turn(made, text, place, way)
    return made


def _turn(types: list[str], text: str, place: int, way: str) -> None:
    """Set a bracket's type, and that of marks on it."""
    types[place] = way
    for after in range(place + 1, len(text)):
        if unicodedata.bidirectional(text[after]) != "NSM":
            return
        types[after] = way


def _pair_brackets(text: str, types: list[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for place, char in enumerate(text):
        if types[place] != "ON":
            continue
        if char in PAIRS:
            if len(waiting) == DEEPEST:
                return []
            waiting.append((PAIRS[char], place))
        elif (found := _find_opening(waiting, char)) is not None:
            pairs.append((waiting[found][1], place))
            del waiting[found:]
    return pairs


def _find_opening(waiting: list[tuple[str, int]], closing: str) -> int | None:
    return next((at for at in reversed(range(len(waiting))) if waiting[at][0] == closing), None)


def _resolve_neutral(types: list[str], around: str) -> list[str]:
    """What has no direction takes that of both its neighbours, or else the line's (N1, N2)."""
    made = list(types)
    for start, end in _stretches(types, lambda kind: kind not in STRONG):
        before = STRONG[types[start - 1]] if start else around
        after = STRONG[types[end]] if end < len(types) else around
        made[start:end] = [before if before == after else around] * (end - start)
    return made


def _stretches(types: Sequence[str], matches: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Start and end of each longest stretch of types that match."""
    end = 0
    for found, group in groupby(types, key=matches):
        start, end = end, end + len(list(group))
        if found:
            yield start, end


def _reset_blanks(levels: list[int], types: Sequence[str], base: int) -> list[int]:
    """Tabs, and blanks before them or at the end of the line, have the line's level (L1)."""
    made, is_open = list(levels), True
    for place in reversed(range(len(types))):
        is_open = types[place] in ("S", "B") or (is_open and types[place] in BLANKS)
        if is_open:
            made[place] = base
    return made
