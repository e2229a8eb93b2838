"""Whatever JSON a request holds, it is read or refused with the path of a field: never a crash."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.dialects.slashed import wire
from jobs.errors import MalformedRequest
from jobs.models import Service
from jobs.spec import JobSpec
from tests.dialects.slashed.values import FIELDS, SMALLEST

SERVICE = Service(pk=1, number=1, connection_id=1)
WORDS = sorted({word for fields in FIELDS.values() for word in fields} | {"type", "Source", "destination", "quality"})

texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    ["100px", "-5%", "50h", "1e3", "#abc", "center", "crop", "../a", "a/b.png", "true", "0", "-0", "\0"]
)
numbers = st.integers() | st.integers(10**300, 10**320) | st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def transformations(draw: st.DrawFn) -> dict[str, Any]:
    """A right transformation with some of its fields replaced by anything."""
    kind = draw(st.sampled_from(sorted(SMALLEST)))
    spoiled = draw(st.dictionaries(st.sampled_from([*FIELDS[kind], "other"]), anything, max_size=2))
    return {"type": kind, **SMALLEST[kind], **spoiled}


jobs = st.fixed_dictionaries(
    {"destination": st.sampled_from(["/a.png", "b.jpg"]) | texts},
    optional={"quality": scalars, "transformations": st.lists(transformations() | anything, max_size=3) | anything},
)
requests = st.fixed_dictionaries(
    {"service_id": st.just(1), "source": st.just("/a.jpg") | texts, "jobs": st.lists(jobs | anything, max_size=3)},
    optional={"callback": texts, "other": anything},
)


def read(body: Any) -> JobSpec | MalformedRequest:
    """What a request asks for, or why it is refused."""
    try:
        return wire.to_spec(body, SERVICE).spec
    except MalformedRequest as error:
        return error


def read_retry(body: Any) -> list[str] | MalformedRequest:
    try:
        wire.read_service_number(body)
        return wire.read_retry(body)[0]
    except MalformedRequest as error:
        return error


@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(requests | anything)
def test_a_request_of_any_shape_is_read_or_refused_by_a_path(body: Any) -> None:
    found = read(body)
    if isinstance(found, MalformedRequest):
        assert found.message.startswith(found.param or "The body")
    else:
        found.model_dump_json()
        json.dumps(found.request, allow_nan=False, ensure_ascii=False).encode()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(anything)
def test_a_retry_of_any_shape_is_read_or_refused(body: Any) -> None:
    found = read_retry(body)
    assert found.message if isinstance(found, MalformedRequest) else all(isinstance(each, str) for each in found)


def test_some_of_such_requests_get_through() -> None:
    """The two tests above would prove little if nothing got through."""
    seen: list[bool] = []

    @settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(requests)
    def count(body: Any) -> None:
        seen.append(isinstance(read(body), JobSpec))

    count()
    assert sum(seen) > 10
