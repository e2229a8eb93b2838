"""What is to be done to a picture: Claid's operations into steps, in the order in which they are applied.

That order is: restore, adjust, hide what is private, cut out, enlarge and lay out, colour what is see-through, polish.
"""

import re
from dataclasses import dataclass
from typing import Any

from jobs.dialects.claid.differences import DEFAULT_CATEGORY, NOTHING_FOUND, PADDING_ORDER
from jobs.dialects.claid.schemas.operations import (
    Adjustments,
    Background,
    Operations,
    Outpaint,
    Resizing,
    Restorations,
    is_on,
)
from processing import operations
from processing.base import Step
from processing.colors import WHITE

DISTANCE = re.compile(r"([0-9]+)(px|%)")


@dataclass(frozen=True)
class Planned:
    """A step, and the field of the request that asks for it."""

    field: str
    step: Step


def plan_steps(asked: Operations, *, has_alpha: bool) -> list[Planned]:
    """The steps, in their order. has_alpha: whether the result's format has transparency."""
    return [
        *_restore(asked.restorations),
        *_adjust(asked.adjustments),
        *_hide(asked),
        *_cut_out(asked.background),
        *_enlarge(asked),
        *_lay_out(asked),
        *_color_ground(asked, has_alpha=has_alpha),
        *_polish(asked.restorations),
    ]


def find_faults(asked: Operations, planned: list[Planned]) -> dict[str, list[str]]:
    """What cannot be done on this server, by the field that asks for it."""
    faults: dict[str, list[str]] = {}
    if asked.generative and asked.generative.style_transfer:
        faults["operations.generative.style_transfer"] = ["not available on this server"]
    for one in planned:
        operation = operations.all().get(one.step.operation)
        reason = operation.missing() if operation else ""
        if reason is not None:
            faults[one.field] = [f"not available on this server{reason and ': '}{reason}"]
    return faults


def _restore(asked: Restorations | None) -> list[Planned]:
    if not asked or not asked.decompress:
        return []
    return [_plan("restorations.decompress", "decompress", strength=asked.decompress)]


def _polish(asked: Restorations | None) -> list[Planned]:
    return [_plan("restorations.polish", "polish")] if asked and asked.polish else []


def _adjust(asked: Adjustments | None) -> list[Planned]:
    """One step for all of them; none where nothing would change."""
    if not asked:
        return []
    params = {name: getattr(asked, name) or 0 for name in ("exposure", "saturation", "contrast", "sharpness")}
    hdr = asked.hdr
    intensity = getattr(hdr, "intensity", hdr)
    params["hdr"] = 100 if intensity is None and hdr is not None else intensity or 0
    if not any(params.values()):
        return []
    stitching = {"stitching": True} if getattr(hdr, "stitching", None) else {}
    return [_plan("adjustments", "adjust", **params, **stitching)]


def _hide(asked: Operations) -> list[Planned]:
    privacy = asked.privacy
    if not privacy:
        return []
    plates = [_plan("privacy.blur_car_plate", "blur_plates")] if privacy.blur_car_plate else []
    return [*plates, *([_plan("privacy.identity_crop", "identity_crop")] if privacy.identity_crop else [])]


def _cut_out(asked: Background | None) -> list[Planned]:
    if not asked:
        return []
    if is_on(asked.remove):
        clip = bool(getattr(asked.remove, "clipping", None))
        params = {"fill": "transparent", "clip": clip, **_seek(asked.remove)}
        return [_plan("background.remove", "remove_background", **params)]
    if is_on(asked.blur):
        kind, level = getattr(asked.blur, "type", None), getattr(asked.blur, "level", None)
        params = {"fill": "blur", "blur": kind or "regular", "level": level or "medium", **_seek(asked.blur)}
        return [_plan("background.blur", "remove_background", **params)]
    return []


def _seek(asked: Any) -> dict[str, Any]:
    """What is looked for."""
    selective = getattr(asked, "selective", None)
    hints = {"hints": [selective.object_to_keep]} if selective else {}
    category = getattr(asked, "category", None) or DEFAULT_CATEGORY
    return {"category": category, "on_missing": NOTHING_FOUND, **hints}


def _enlarge(asked: Operations) -> list[Planned]:
    """Claid names the network apart from how far: without a size to reach there is nothing to enlarge."""
    network = asked.restorations.upscale if asked.restorations else None
    target = _find_target(asked)
    if not network or not (target.keys() & {"width", "height"}):
        return []
    return [_plan("restorations.upscale", "upscale", network=getattr(network, "type", network), **target)]


def _lay_out(asked: Operations) -> list[Planned]:
    params = {**_find_target(asked), **_find_fit_options(asked.resizing)}
    if asked.padding:
        params["padding"] = _read_padding(asked.padding)
    if not params.keys() - {"fit", "crop"}:
        return []
    color = _read_color(asked.background)
    # What is asked for in a colour is laid out on it at once; else the bars stay see-through for now.
    params["background"] = None if color in (None, "transparent") else color
    return [_plan("resizing" if asked.resizing else "padding", "place", **params)]


def _find_target(asked: Operations) -> dict[str, Any]:
    """Width, height and fit. A picture that is cut to its object gets the source's size where none is asked for."""
    resizing = asked.resizing
    fit = resizing.fit if resizing else None
    name = getattr(fit, "type", fit) or "crop"
    sides = {side: _read_side(getattr(resizing, side, None)) for side in ("width", "height")}
    found = {side: length for side, length in sides.items() if length is not None}
    if not found and name == "crop" and asked.background and getattr(asked.background.remove, "clipping", False):
        found = {side: _share_of_source(100) for side in sides}
    return {**found, "fit": name} if found or resizing else {}


def _find_fit_options(resizing: Resizing | None) -> dict[str, Any]:
    fit = resizing.fit if resizing else None
    if not isinstance(fit, Outpaint):
        crop = getattr(fit, "crop", None)
        return {"crop": crop} if crop else {}
    found: dict[str, Any] = {"feathering": float(fit.feathering[:-1])} if fit.feathering else {}
    if fit.outpaint_by:
        parts = [_read_distance(part) for part in fit.outpaint_by.split(" ")]
        found["outpaint_by"] = {"width": parts[0], "height": parts[-1]}
    return found


def _color_ground(asked: Operations, *, has_alpha: bool) -> list[Planned]:
    """What lies behind what is see-through: the colour that is asked for; else white, but for see-through sources."""
    color = _read_color(asked.background)
    if color == "transparent" or (not has_alpha and color is None):
        return []
    if color is not None:
        return [_plan("background.color", "backdrop", color=color)]
    return [_plan("background.color", "backdrop", color=WHITE, sources="opaque")] if _opens(asked) else []


def _opens(asked: Operations) -> bool:
    """Whether parts of an opaque picture may become see-through."""
    fit = getattr(asked.resizing, "fit", None)
    is_canvas = getattr(fit, "type", fit) == "canvas"
    return bool(is_canvas or asked.padding or (asked.background and is_on(asked.background.remove)))


def _read_color(background: Background | None) -> str | None:
    """`#rrggbb`, `transparent` or None."""
    color = background.color.lower() if background and background.color else None
    if color and len(color) == 4:
        return "#" + "".join(digit * 2 for digit in color[1:])
    return color


def _read_side(side: int | str | None) -> dict[str, Any] | None:
    """A width or a height as a length. Per cent are the source's."""
    if side is None or side == "auto":
        return None
    return _share_of_source(int(side[:-1])) if isinstance(side, str) else {"value": side}


def _share_of_source(percent: int) -> dict[str, Any]:
    return {"value": percent, "unit": "%", "of": "source"}


def _read_padding(text: str) -> dict[str, Any]:
    """The distance at each side: one for all, horizontal and vertical, or all four."""
    parts = [_read_distance(part) for part in text.split(" ")]
    if len(parts) == 4:
        return dict(zip(PADDING_ORDER, parts, strict=True))
    across, down = parts[0], parts[-1]
    return {"top": down, "right": across, "bottom": down, "left": across}


def _read_distance(text: str) -> dict[str, Any]:
    match = DISTANCE.fullmatch(text)
    assert match is not None, text
    return {"value": int(match[1]), "unit": match[2]}


def _plan(field: str, operation: str, **params: Any) -> Planned:
    return Planned(f"operations.{field}", Step(operation=operation, params=params))
