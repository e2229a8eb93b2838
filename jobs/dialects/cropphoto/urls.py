"""Crop.photo's paths."""

from django.urls import re_path

from jobs.dialects.cropphoto.banners import CreateBanner, GetBanners
from jobs.dialects.cropphoto.crops import AutoResize, BodyAware, Lifestyle, RemoveBackground, Unrecognizable
from jobs.dialects.cropphoto.recipes import GetResult, ListRecipes, PollJob, SubmitJob
from jobs.dialects.cropphoto.views import UnknownCropPhotoPath

JOB = r"(?P<job_id>[^/]{1,64})"

urlpatterns = [
    re_path(r"^v1/recipe/list$", ListRecipes.as_view()),
    re_path(r"^v1/recipe/job/submit$", SubmitJob.as_view()),
    re_path(rf"^v1/recipe/job/poll/{JOB}$", PollJob.as_view()),
    re_path(rf"^v1/recipe/job/result/{JOB}$", GetResult.as_view()),
    re_path(r"^v1/crop/auto-resize-align$", AutoResize.as_view()),
    re_path(r"^v1/crop/body-aware-crop$", BodyAware.as_view()),
    re_path(r"^v1/crop/unrecognizable-crop$", Unrecognizable.as_view()),
    re_path(r"^v1/crop/remove-background$", RemoveBackground.as_view()),
    re_path(r"^v1/crop/lifestyle$", Lifestyle.as_view()),
    re_path(r"^v1/banners/with-mask/create$", CreateBanner.as_view()),
    re_path(r"^v1/banners/with-mask/status$", GetBanners.as_view()),
    *(re_path(rf"^v1/{name}(?:/[\s\S]*)?$", UnknownCropPhotoPath.as_view()) for name in ("recipe", "crop", "banners")),
]
