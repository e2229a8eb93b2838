"""A broker that is away is looked for steadily, however long it is away."""

from kombu.utils.functional import fxrange

from project.broker import GAPS, SteadyConnection
from project.celery import app


def test_workers_and_beat_use_the_steady_connection() -> None:
    with app.connection_for_read() as reading, app.connection_for_write() as writing:
        assert isinstance(reading, SteadyConnection)
        assert isinstance(writing, SteadyConnection)


def test_no_gap_is_longer_than_three_seconds() -> None:
    # As kombu.utils.functional.retry_over_time makes them of these.
    start, step, longest = GAPS["interval_start"], GAPS["interval_step"], GAPS["interval_max"]
    gaps = fxrange(start, longest + start, step, repeatlast=True)
    assert [next(gaps) for _ in range(6)] == [1, 2, 3, 3, 3, 3]


def test_every_message_of_the_clock_may_open_a_new_connection() -> None:
    app.finalize()
    assert app.conf.beat_schedule
    for name, entry in app.conf.beat_schedule.items():
        assert entry["options"]["retry"] is True, name
        assert entry["options"]["retry_policy"]["max_retries"] == 1, name
