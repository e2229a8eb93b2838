"""Cropedly's paths."""

from django.urls import re_path

from jobs.dialects.cropedly.views import (
    Enhance,
    Images,
    Login,
    OneImage,
    UnknownCropedlyPath,
    UploadImages,
)

RESOURCES = "images/v1/enterprise-resources/images"

urlpatterns = [
    re_path(r"^auth/v1/login/?$", Login.as_view()),
    re_path(r"^images/v1/?$", Enhance.as_view()),
    re_path(rf"^{RESOURCES}/upload/?$", UploadImages.as_view()),
    re_path(rf"^{RESOURCES}/?$", Images.as_view()),
    re_path(rf"^{RESOURCES}/(?P<image_id>[^/]{{1,64}})/?$", OneImage.as_view()),
    re_path(r"^auth(?:/[\s\S]*)?$", UnknownCropedlyPath.as_view()),
    re_path(r"^images(?:/[\s\S]*)?$", UnknownCropedlyPath.as_view()),
]
