"""SlashedCloud's transformations as the demo sends them, and each in words for a reader."""

from __future__ import annotations

from typing import Any

Transformation = dict[str, Any]

WATERMARK_KEY = "/assets/photomill.png"


def crop(width: int | str, height: int | str, **more: Any) -> Transformation:
    return {"type": "crop", "width": width, "height": height, **more}


def fit(fit_type: str, width: int, height: int, **more: Any) -> Transformation:
    return {"type": "fitmethod", "fit_type": fit_type, "width": width, "height": height, **more}


def write(text: str, size: int, **more: Any) -> Transformation:
    return {"type": "annotation", "text": text, "size": size, **more}


def bright(level: int) -> Transformation:
    return {"type": "brightness", "bright_level": level}


def contrast(level: int) -> Transformation:
    return {"type": "contrast", "level": level}


def tint(red: int, green: int, blue: int) -> Transformation:
    return {"type": "colorize", "red": red, "green": green, "blue": blue}


def filtered(name: str) -> Transformation:
    return {"type": "filter", "filter": name}


def mark(**place: Any) -> Transformation:
    return {"type": "watermark", "source": WATERMARK_KEY, **place}


# --- In words ------------------------------------------------------------------------------------------------------


def describe(step: Transformation) -> str:
    """A transformation in a few words, such as `crop 600 × 300` or `contrast +12`."""
    kind = step["type"]
    return f"{NAMES.get(kind, kind)} {DETAILS[kind](step)}".strip()


def _box(step: Transformation) -> str:
    return " × ".join(str(step[side]) for side in ("width", "height") if side in step)


def _place(step: Transformation) -> str:
    return str(step.get("gravity", "center"))


def _crop(step: Transformation) -> str:
    return f"{_box(step)}, {_place(step)}" + ("" if step.get("fit", True) else ", unscaled")


def _fit(step: Transformation) -> str:
    bars = f", bars {step['color']}" if step["fit_type"] == "letterbox" else ""
    return f"{step['fit_type']} {_box(step)}{bars}"


def _text(step: Transformation) -> str:
    return f"“{step['text']}”, {step.get('font', 'Arial')} {step['size']}"


def _watermark(step: Transformation) -> str:
    return f"{step['source'].rpartition('/')[2]}, {step['width']} wide, {_place(step)}"


def _signed(level: int) -> str:
    return f"{level:+}".replace("-", "−")


NAMES = {"fitmethod": "fit:", "annotation": "text", "filter": "filter", "zoom": "zoom to"}
DETAILS = {
    "annotation": _text,
    "blur": lambda step: f"σ {step['sigma']}",
    "brightness": lambda step: _signed(step["bright_level"]),
    "colorize": lambda step: f"+{step['red']} +{step['green']} +{step['blue']}",
    "contrast": lambda step: _signed(step["level"]),
    "crop": _crop,
    "enhance": lambda _step: "",
    "filter": lambda step: step["filter"],
    "fitmethod": _fit,
    "flip": lambda step: step["direction"],
    "resize": _box,
    "rotate": lambda step: f"{step['degrees']}°",
    "watermark": _watermark,
    "zoom": lambda step: f"{_box(step)} at level {step['level']}",
}
