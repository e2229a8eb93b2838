"""The five crops: one picture by its address, answered with the result itself or where it lies."""

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credits import charge, give_back
from jobs import waiting
from jobs.dialect import to_storable
from jobs.dialects.cropphoto import fields, guesses, wire
from jobs.dialects.cropphoto.errors import fault_of
from jobs.dialects.cropphoto.views import CropPhotoView
from jobs.models import Item, Job, Output
from storage.house import house, make_link

LARGEST_RESULT_BYTES = 1 << 30


class Crop(CropPhotoView):
    """A crop that is waited for. Subclasses name the body that they take."""

    fields: ClassVar[type[fields.Picture]]

    def post(self, request: Request) -> HttpResponseBase:
        raw = self.read_body()
        body, self.ignored = fields.read(self.fields, raw)
        spec = wire.to_spec(body, to_storable(raw))
        account = self.caller.account
        with ExitStack() as undo:
            charge(account, 1)
            undo.callback(give_back, account, 1)
            job = waiting.run_now(account=account, spec=spec)
            undo.callback(waiting.drop_results, job)
            item = Item.objects.get(job=job)
            if item.error_code:
                raise fault_of(item)
            answer = _answer(job, item, body.response_type)
            undo.pop_all()
        return answer


def _answer(job: Job, item: Item, response_type: str) -> HttpResponseBase:
    made = Output.objects.get(item=item, run=job.run)
    name = f"{PurePosixPath(item.name).stem or 'image'}{PurePosixPath(made.key).suffix}"
    if response_type == "stream":
        return _stream(job, made, name)
    url = make_link(made.key, filename=name, content_type=made.mime, seconds=guesses.LINK_SECONDS)
    return Response({"url": url, "output_image_url": url})


def _stream(job: Job, made: Output, name: str) -> HttpResponse:
    data = house().read(made.key, max_bytes=LARGEST_RESULT_BYTES).data
    # The caller has it now: nothing stays behind.
    waiting.drop_results(job)
    answer = HttpResponse(data, content_type=made.mime)
    answer["Content-Length"] = str(len(data))
    answer["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=name) or "inline"
    return answer


class AutoResize(Crop):
    """`POST /crop/auto-resize-align`: the product at a size and place of a frame, on another ground."""

    fields = fields.AutoResizeBody


class BodyAware(Crop):
    """`POST /crop/body-aware-crop`: a part of a person."""

    fields = fields.BodyAwareBody


class Unrecognizable(Crop):
    """`POST /crop/unrecognizable-crop`: a person from a line in the face down."""

    fields = fields.UnrecognizableBody


class Lifestyle(Crop):
    """`POST /crop/lifestyle`: the product with margins, in its own surroundings."""

    fields = fields.LifestyleBody


class RemoveBackground(Crop):
    """`POST /crop/remove-background`: the subject alone, as a PNG."""

    fields = fields.RemoveBackgroundBody
