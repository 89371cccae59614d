from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyozon.providers.retry_after import retry_after

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
SOON = format_datetime(NOW + timedelta(seconds=30), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "soon"}, 7.0),
        ({"retry-after": SOON}, 30.0),
        ({"retry-after": SOON, "date": format_datetime(NOW + timedelta(seconds=20), usegmt=True)}, 10.0),
        ({"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 0.0),
        ({"retry-after": format_datetime(NOW + timedelta(days=3), usegmt=True)}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Mon, 99 Foo 2026 99:99:99 GMT"}, None),
    ],
)
def test_every_form_is_read_and_nonsense_is_none(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_provider_writes_is_a_time_to_wait_or_none(value: str, date: str) -> None:
    found = retry_after({"retry-after": value, "retry-after-ms": value, "date": date}, NOW)
    assert found is None or 0 <= found <= 86_400
