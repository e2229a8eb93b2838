"""Taking the ground away from behind the main object."""

from typing import Annotated, Literal

from PIL import Image, ImageChops
from pydantic import Field, StringConstraints, model_validator

from processing import base, mattes
from processing.assets import open_asset
from processing.base import AssetRef, Context, Example, Illustration, Operation
from processing.colors import Color, rgb
from processing.detectors import subject
from processing.detectors.subject import Category
from processing.errors import SubjectNotFound
from processing.geometry import Size, cover_size, place, shifting
from processing.hints import find_subject
from processing.picture import Picture, scale

MOST_HINTS, LONGEST_HINT = 5, 128
Hint = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_HINT)]


class RemoveBackground(Operation):
    """Cut the main object out, and fill what was behind it: with nothing, a colour, another picture or its own blur.

    The object is looked for once in the source, whatever was done to the picture since, and cut out along its edges;
    what its edges have of the old ground's colours is taken out. A source that is a cut-out already, with a fiftieth
    of it or more being clear, keeps its own alpha. Of an animation the first frame is looked at: the others are cut
    to the same shape.

    `blur` blurs the ground alone, so that nothing of the object's colours glows around it: `regular` as a Gaussian
    whose standard deviation is 0.5, 1.2 or 2.8 % of the longer side, `lens` as a round aperture with a radius of 0.8,
    1.9 or 4.4 %, in which lights become discs.
    """

    class Params(base.Params):
        category: Category = Field(
            "general", description="what the object is; `people` also goes by the pose of who is seen"
        )
        fill: Literal["transparent", "color", "image", "blur"] = Field(
            "transparent", description="what comes behind the object"
        )
        color: Color | None = Field(None, description="the colour, where `fill` is `color`")
        image: AssetRef | None = Field(
            None, description="the picture, where `fill` is `image`; scaled until it covers, its middle in the middle"
        )
        blur: Literal["regular", "lens"] = Field("regular", description="how it is blurred, where `fill` is `blur`")
        level: Literal["low", "medium", "high"] = Field(
            "medium", description="how much it is blurred, where `fill` is `blur`"
        )
        clip: bool = Field(False, description="whether the result is cut to the object's bounds")
        hints: tuple[Hint, ...] = Field(
            (), max_length=MOST_HINTS, description="words that say which of several things is meant, at most five"
        )
        on_missing: Literal["keep", "fail"] = Field(
            "fail", description="without a main object: keep the picture as it is and report it, or refuse"
        )

        @model_validator(mode="after")
        def need_what_fills(self) -> "RemoveBackground.Params":
            for name in ("color", "image"):
                if (self.fill == name) != (getattr(self, name) is not None):
                    raise ValueError(f"{name} is required where fill is {name!r}, and has no meaning elsewhere")
            return self

    examples = [
        Example({"category": "people"}, source=(256, 256), photo="astronaut"),
        Example({"fill": "color", "color": "#ffffff", "on_missing": "keep"}, source=(192, 192), photo="astronaut"),
    ]
    illustrations = [
        Illustration({"category": "people"}, photo="astronaut"),
        Illustration({"fill": "color", "color": "#7fd1ae"}, photo="astronaut"),
        Illustration({"fill": "blur", "blur": "lens", "level": "high"}, photo="astronaut"),
        Illustration({"fill": "blur"}, photo="coffee"),
        Illustration({"clip": True}, photo="coffee"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return subject.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        found, ignored = find_subject(context.look_at(picture), params.category, params.hints)
        alpha = mattes.carry(found.alpha, picture)
        bounds = mattes.find_bounds(alpha) if found.box else None
        if bounds is None:
            return _keep(picture, params)
        behind = _cover(params.image, picture.size, context) if params.image else None
        made = picture.map(lambda frame: _fill(frame, alpha, params, behind))
        if params.clip:
            made = made.map(lambda frame: frame.crop(bounds), moved=shifting(bounds[0], bounds[1]))
        if ignored:
            made = made.lose("hints_ignored", f"nothing was found by these hints: {', '.join(map(repr, ignored))}")
        return made


def _keep(picture: Picture, params: RemoveBackground.Params) -> Picture:
    if params.on_missing == "fail":
        raise SubjectNotFound("no main object was found in the picture")
    return picture.lose("no_subject", "no main object was found; the picture was kept")


def _cover(ref: AssetRef, size: Size, context: Context) -> Image.Image:
    """The picture that comes behind, scaled until it covers this size, and cut."""
    image = open_asset(ref, context, param="image").frames[0]
    whole = cover_size(image.size, size)
    x, y = place(size, whole, "center")
    across, down = image.width / whole[0], image.height / whole[1]
    return scale(image, size, (x * across, y * down, (x + size[0]) * across, (y + size[1]) * down))


def _fill(
    frame: Image.Image, alpha: Image.Image, params: RemoveBackground.Params, behind: Image.Image | None
) -> Image.Image:
    """One frame with its ground replaced. behind: the picture that replaces it, if one does."""
    cut = _cut(frame, alpha)
    if params.fill == "blur":
        return _blur(frame, cut, params)
    if params.color:
        behind = Image.new("RGB", frame.size, rgb(params.color))
    return _lay_over(behind, cut) if behind else cut


def _cut(frame: Image.Image, alpha: Image.Image) -> Image.Image:
    """The frame's object in its own colours, RGBA."""
    # Only here: OpenCV is loaded where something was found alone.
    from processing import foreground

    own = frame.getchannel("A") if frame.mode == "RGBA" else None
    # The object's alpha has the source's in it already: multiplied, that would count twice.
    both = ImageChops.darker(alpha, own) if own else alpha
    if own and both.tobytes() == own.tobytes():
        # It was cut out before, and its colours are its own.
        return frame
    made = foreground.clean_edges(frame.convert("RGB"), alpha)
    made.putalpha(both)
    return made


def _blur(frame: Image.Image, cut: Image.Image, params: RemoveBackground.Params) -> Image.Image:
    """The object before its blurred ground, as transparent as the frame was."""
    from processing import bokeh

    made = bokeh.blur_ground(frame.convert("RGB"), cut.getchannel("A"), kind=params.blur, level=params.level)
    made.paste(cut, mask=cut)
    if frame.mode == "RGBA":
        made.putalpha(frame.getchannel("A"))
    return made


def _lay_over(behind: Image.Image, cut: Image.Image) -> Image.Image:
    made = behind.copy()
    if made.mode == "RGBA":
        made.alpha_composite(cut)
    else:
        made.paste(cut, mask=cut)
    return made
