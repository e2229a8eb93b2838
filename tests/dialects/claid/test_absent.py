"""What this server does not offer: read, so that a mistake is named, and then refused."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs.models import Job
from tests.dialects.claid.calls import ASYNC, EDIT, error_of, faults_of, get, post

pytestmark = pytest.mark.django_db

URL = "https://shop.example/a.jpg"
GOOD: dict[str, list[dict[str, Any]]] = {
    "/image/generate": [
        {"input": "a red shoe"},
        {"input": "a red shoe", "options": {"number_of_images": 1, "guidance_scale": 49.9}, "output": "storage://s/x/"},
    ],
    "/scene/create": [
        {"object": {"image_url": URL}, "scene": {"prompt": "on a beach"}},
        {
            "object": {"image_url": URL, "placement_type": "absolute", "scale": 0.5, "position": {"x": 0, "y": 1}},
            "scene": {"template_url": URL, "view": "top", "template_mode": "lock"},
            "output": {"number_of_images": 2, "format": {"type": "jpeg", "quality": 5}},
        },
        {
            "object": {"image_url": URL, "placement_type": "padding", "padding": "10%"},
            "scene": {"effect": "shadows", "aspect_ratio": "21:9"},
        },
    ],
    "/image/ai-edit": [{"input": URL, "options": {"prompt": "make it snow", "aspect_ratio": "9:21"}}],
    "/image/ai-fashion-models": [{"input": {"clothing": [URL]}, "options": {"pose": "standing"}}],
    "/video/generate": [
        {"input": URL, "options": {"prompt": "it rains"}},
        {"input": URL, "options": {"prompt": {"text": "it rains", "other": 1}, "duration": "10"}},
    ],
}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("/image/generate", {}, "input"),
    ("/image/generate", {"input": "ab"}, "input"),
    ("/image/generate", {"input": "abc", "options": {"number_of_images": 5}}, "options.number_of_images"),
    ("/image/generate", {"input": "abc", "options": {"guidance_scale": 50}}, "options.guidance_scale"),
    ("/scene/create", {"object": {"image_url": URL}}, "scene"),
    ("/scene/create", {"object": {"image_url": URL}, "scene": {"prompt": "ab"}}, "scene.prompt"),
    ("/scene/create", {"object": {}, "scene": {"effect": "shadows"}}, "object.image_url"),
    ("/scene/create", {"object": {"image_url": URL, "scale": 2}, "scene": {"effect": "shadows"}}, "object.scale"),
    ("/image/ai-edit", {"input": URL}, "options"),
    ("/image/ai-edit", {"input": URL, "options": {"prompt": "abc", "model": "v3"}}, "options.model"),
    ("/image/ai-fashion-models", {"input": {"clothing": []}, "options": {}}, "input.clothing"),
    ("/image/ai-fashion-models", {"input": {"clothing": [URL] * 6}, "options": {}}, "input.clothing"),
    ("/video/generate", {"input": URL, "options": {"prompt": "abc", "duration": 5}}, "options.duration"),
    ("/video/generate", {"input": URL, "options": {"prompt": "abc"}, "extra": 1}, "extra"),
]
RESULTS = {
    "/image/ai-edit": "ai_edit_id",
    "/image/ai-fashion-models": "processing_request_id",
    "/video/generate": "animation_id",
}


@pytest.mark.parametrize(("path", "body"), [(path, body) for path, bodies in GOOD.items() for body in bodies])
@pytest.mark.parametrize("prefix", ["/v1", "/v1-beta1"])
def test_a_request_that_is_right_is_said_to_be_unavailable(
    client: Client, account: Account, prefix: str, path: str, body: dict[str, Any]
) -> None:
    said = error_of(post(client, prefix + path, body), 422, "image")
    assert said["error_message"].endswith("is not available on this server.")
    assert said["error_details"] == {}


@pytest.mark.parametrize(("path", "body", "fault"), BAD)
def test_a_request_that_is_wrong_is_said_to_be_wrong(
    client: Client, account: Account, path: str, body: dict[str, Any], fault: str
) -> None:
    assert fault in faults_of(post(client, f"/v1{path}", body))


@pytest.mark.parametrize(("path", "name"), RESULTS.items())
def test_results_are_asked_for_by_number_and_there_are_none(
    client: Client, account: Account, path: str, name: str
) -> None:
    said = error_of(get(client, f"/v1{path}/7"), 404, "image")
    assert said["error_message"] == "Web image not found."
    answer = get(client, f"/v1{path}/seven")
    fault = {"loc": ["path", name], "msg": "value is not a valid integer", "type": "type_error.integer"}
    assert (answer.status_code, answer.json()) == (422, {"detail": [fault]})


@pytest.mark.parametrize("path", [EDIT, ASYNC])
def test_a_style_is_read_and_refused(client: Client, account: Account, path: str) -> None:
    style = {"style_reference_image": URL, "prompt": "an oil painting"}
    body = {"input": URL, "operations": {"generative": {"style_transfer": style}}}
    assert faults_of(post(client, path, body)) == {
        "operations.generative.style_transfer": ["not available on this server"]
    }
    assert not Job.objects.exists()
