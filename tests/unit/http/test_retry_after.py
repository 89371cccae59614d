from datetime import UTC, datetime

import pytest

from kyozon.domain.errors import LimitReached
from kyozon.domain.language import Text
from kyozon.http.errors import headers_of

REFUSED = LimitReached(Text("later", "後で"), "requests", datetime(2026, 10, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("left", "seconds", "milliseconds"),
    [
        (0.0, "1", "1"),
        (0.2, "1", "200"),
        (1.0, "1", "1000"),
        (1.2, "2", "1200"),
        (5.4996, "6", "5500"),
        (60.0, "60", "60000"),
    ],
)
def test_nobody_is_told_to_come_back_too_early(left: float, seconds: str, milliseconds: str) -> None:
    assert headers_of(REFUSED, left) == {"retry-after": seconds, "retry-after-ms": milliseconds}
