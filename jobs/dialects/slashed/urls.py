"""SlashedCloud's paths. The documentation prints only the first; the others are those that clients may have guessed."""

from django.urls import re_path

from jobs.dialects.slashed.views import CreateProcess, GetStatus, RetryProcesses, UnknownSlashedPath

PROCESS = r"(?P<process_id>[^/]+)"

urlpatterns = [
    re_path(r"^request/?$", CreateProcess.as_view()),
    re_path(r"^(?:retry|request/retry)/?$", RetryProcesses.as_view()),
    re_path(rf"^(?:request|process|status)/{PROCESS}/?$", GetStatus.as_view()),
    re_path(r"^(?:request|process|status|retry)(?:/[\s\S]*)?$", UnknownSlashedPath.as_view()),
]
