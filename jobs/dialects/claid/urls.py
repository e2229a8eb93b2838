"""Claid's paths, under both prefixes."""

from collections.abc import Iterator

from django.urls import URLPattern, re_path

from jobs.dialects.claid.differences import OLD, PREFIXES
from jobs.dialects.claid.other_views import (
    CreateScene,
    DressModels,
    EditByWords,
    GenerateImage,
    GenerateVideo,
    NoResult,
)
from jobs.dialects.claid.storage_views import OneStorage, Storages, StorageTypes
from jobs.dialects.claid.views import (
    EditBatch,
    EditImage,
    EditImageLater,
    GetBatch,
    GetEdit,
    UnknownClaidPath,
    UploadImage,
)

NUMBER = r"(?P<{}>[^/]+)"

PATHS = {
    r"image/edit": EditImage,
    r"image/edit/async": EditImageLater,
    rf"image/edit/async/{NUMBER.format('task_id')}": GetEdit,
    r"image/edit/batch": EditBatch,
    rf"image/edit/batch/{NUMBER.format('task_id')}": GetBatch,
    r"image/edit/upload": UploadImage,
    r"storage/storage-types": StorageTypes,
    r"storage/storages": Storages,
    rf"storage/storages/{NUMBER.format('storage_id')}": OneStorage,
    r"image/generate": GenerateImage,
    r"scene/create": CreateScene,
    r"image/ai-edit": EditByWords,
    r"image/ai-fashion-models": DressModels,
    r"video/generate": GenerateVideo,
}
RESULTS = {
    "image/ai-edit": "ai_edit_id",
    "image/ai-fashion-models": "processing_request_id",
    "video/generate": "animation_id",
}
"""What can be asked for by a number, and what the number is called."""

SHARED = r"(?:image|storage|scene|video)(?:/[\s\S]*)?"
"""What is Claid's of a prefix that another product has too."""


def _list_paths(prefix: str) -> Iterator[URLPattern]:
    for path, view in PATHS.items():
        yield re_path(rf"^{prefix}/{path}$", view.as_view(prefix=prefix))
    for path, name in RESULTS.items():
        yield re_path(rf"^{prefix}/{path}/{NUMBER.format('number')}$", NoResult.as_view(prefix=prefix, name=name))
    rest = rf"^{prefix}(?:/[\s\S]*)?$" if prefix == OLD else rf"^{prefix}/{SHARED}$"
    yield re_path(rest, UnknownClaidPath.as_view(prefix=prefix))


urlpatterns = [pattern for prefix in PREFIXES for pattern in _list_paths(prefix)]
