"""Arabic letters in the shapes that they take beside one another, and text turned around.

For machines without FriBiDi, the library that Pillow looks for when it shapes text. The shapes are Unicode's Arabic
presentation forms, which cover Arabic, Persian and Urdu; letters that have none there stay as they are.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache

from processing.bidi import PAIRS

PRESENTATION_FORMS = (range(0xFB50, 0xFDD0), range(0xFE80, 0xFEFD))
ISOLATED, FINAL, INITIAL, MEDIAL = "<isolated>", "<final>", "<initial>", "<medial>"
LAM = "\u0644"
ALEFS = "\u0622\u0623\u0625\u0627"
JOINERS = "\u0640\u200d"
"""The dash that lengthens a word, and the invisible joiner: letters join them on both sides."""

MIRRORED = {**PAIRS, **{closing: opening for opening, closing in PAIRS.items()}}
MIRRORED |= dict(zip("<>«»‹›≤≥≪≫", "><»«›‹≥≤≫≪", strict=True))


def turn_around(text: str) -> str:
    """Text that runs from right to left, as what looks so when it is set from left to right."""
    shaped = _split(join(text))
    return "".join(MIRRORED.get(letter, letter) for letter in reversed(shaped))


def join(text: str) -> str:
    """The text with each Arabic letter in the form that it has between its neighbours; lam and alef become one."""
    letters = _merge(_split(text))
    names = [_name(letter) for letter in letters]
    return "".join(
        _forms().get(name, {}).get(_kind(names, place), name) + letter[len(name) :]
        for place, (name, letter) in enumerate(zip(names, letters, strict=True))
    )


def _split(text: str) -> list[str]:
    """The text's characters, each with the marks on it."""
    letters: list[str] = []
    for char in text:
        if letters and unicodedata.category(char)[0] == "M":
            letters[-1] += char
        else:
            letters.append(char)
    return letters


def _merge(letters: Sequence[str]) -> list[str]:
    """The letters, with lam and a following alef as one, before the marks of both."""
    made: list[str] = []
    for letter in letters:
        if made and made[-1][0] == LAM and letter[0] in ALEFS and made[-1][1:2] not in tuple(ALEFS):
            made[-1] = LAM + letter[0] + made[-1][1:] + letter[1:]
        else:
            made.append(letter)
    return made


def _name(letter: str) -> str:
    """The letter without its marks."""
    return letter[:2] if letter[:1] == LAM and letter[1:2] in tuple(ALEFS) else letter[:1]


def _kind(names: Sequence[str], place: int) -> str:
    """Which form a letter has: joined to the one before it, to the one after it, to both or to none."""
    before = place > 0 and _reaches(names[place - 1]) and _takes(names[place])
    after = place + 1 < len(names) and _reaches(names[place]) and _takes(names[place + 1])
    return {(False, False): ISOLATED, (True, False): FINAL, (False, True): INITIAL, (True, True): MEDIAL}[before, after]


def _reaches(name: str) -> bool:
    """Whether a letter joins what follows it."""
    return name in JOINERS or INITIAL in _forms().get(name, {})


def _takes(name: str) -> bool:
    """Whether a letter is joined by what stands before it."""
    return name in JOINERS or FINAL in _forms().get(name, {})


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The forms of each letter, and of lam with an alef, by kind."""
    found: dict[str, dict[str, str]] = {}
    for code in (code for block in PRESENTATION_FORMS for code in block):
        kind, *parts = unicodedata.decomposition(chr(code)).split() or [""]
        name = "".join(chr(int(part, 16)) for part in parts)
        if len(name) == 1 or (name[:1] == LAM and name[1:] in tuple(ALEFS)):
            found.setdefault(name, {})[kind] = chr(code)
    return found
