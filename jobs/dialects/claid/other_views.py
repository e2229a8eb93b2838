"""What of Claid's API this server does not offer: pictures and films that are generated from words.

Requests are read all the same, so that what is wrong with one is said before that nobody could carry it out.
"""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.dialects.claid.errors import UNKNOWN_WEB_IMAGE
from jobs.dialects.claid.schemas.base import Fields, parse
from jobs.dialects.claid.schemas.others import AiEdit, FashionModels, Generate, Scene, Video
from jobs.dialects.claid.views import ClaidView
from jobs.errors import UnknownJob
from processing.errors import UnavailableOperation


class AbsentView(ClaidView):
    """A request that is refused once it is right."""

    is_counted = True
    body_schema: ClassVar[type[Fields]]
    what: ClassVar[str]

    def post(self, request: Request) -> Response:
        parse(self.body_schema, self.read_json())
        raise UnavailableOperation(f"{self.what} is not available on this server.")


class GenerateImage(AbsentView):
    """`POST /image/generate`."""

    body_schema, what = Generate, "Image generation"


class CreateScene(AbsentView):
    """`POST /scene/create`."""

    body_schema, what = Scene, "Scene creation"


class EditByWords(AbsentView):
    """`POST /image/ai-edit`."""

    body_schema, what = AiEdit, "AI editing"


class DressModels(AbsentView):
    """`POST /image/ai-fashion-models`."""

    body_schema, what = FashionModels, "AI fashion models"


class GenerateVideo(AbsentView):
    """`POST /video/generate`."""

    body_schema, what = Video, "Video generation"


class NoResult(ClaidView):
    """`GET` of one of these by its number: there is none. `name` is what the number is called."""

    name: str = ""

    def get(self, request: Request, number: str) -> Response:
        try:
            int(number)
        except ValueError:
            fault = {"loc": ["path", self.name], "msg": "value is not a valid integer", "type": "type_error.integer"}
            return Response({"detail": [fault]}, status=422)
        raise UnknownJob(UNKNOWN_WEB_IMAGE)
