from datetime import UTC, datetime, timedelta

import pytest

from rdv_insertion.kernel import throttle
from rdv_insertion.kernel.models import AttemptWindow

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMIT = throttle.Limit("code", attempts=3, period=timedelta(minutes=10))


@pytest.mark.django_db
def test_attempts_are_counted_down_then_refused_until_the_end_of_the_period() -> None:
    assert [throttle.attempt(LIMIT, "1.2.3.4", now=NOW) for _ in range(3)] == [2, 1, 0]
    with pytest.raises(throttle.TooManyAttempts) as refused:
        throttle.attempt(LIMIT, "1.2.3.4", now=NOW + timedelta(minutes=4))
    assert refused.value.retry_after == 6 * 60


@pytest.mark.django_db
def test_the_window_opens_again_exactly_when_it_says() -> None:
    for _ in range(3):
        throttle.attempt(LIMIT, "1.2.3.4", now=NOW)
    with pytest.raises(throttle.TooManyAttempts):
        throttle.attempt(LIMIT, "1.2.3.4", now=NOW + LIMIT.period - timedelta(seconds=1))
    assert throttle.attempt(LIMIT, "1.2.3.4", now=NOW + LIMIT.period) == 2


@pytest.mark.django_db
def test_subjects_and_limits_are_counted_apart() -> None:
    other = throttle.Limit("address", attempts=1, period=LIMIT.period)
    assert throttle.attempt(LIMIT, "a", now=NOW) == throttle.attempt(LIMIT, "b", now=NOW) == 2
    assert throttle.attempt(other, "a", now=NOW) == 0


@pytest.mark.django_db
def test_somebody_who_proved_who_they_are_gets_all_tries_back() -> None:
    for _ in range(3):
        throttle.attempt(LIMIT, "a", now=NOW)
    throttle.forget(LIMIT, "a")
    assert throttle.attempt(LIMIT, "a", now=NOW) == 2


@pytest.mark.django_db
def test_the_subject_is_stored_as_a_digest_only() -> None:
    throttle.attempt(LIMIT, "ABCDEFGH", now=NOW)
    assert "ABCDEFGH" not in AttemptWindow.objects.get().key


def test_twenty_threads_at_once_never_pass_the_limit(in_threads) -> None:
    limit = throttle.Limit("parallel", attempts=7, period=timedelta(minutes=1))
    results = in_threads(*[lambda: throttle.attempt(limit, "a", now=NOW)] * 20)
    assert sorted(result for result in results if isinstance(result, int)) == list(range(7))
    assert sum(isinstance(result, throttle.TooManyAttempts) for result in results) == 13
