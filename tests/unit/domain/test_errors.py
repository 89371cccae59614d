"""Every error has a code of its own, speaks both languages, and says whether trying again helps."""

import inspect
from datetime import UTC, datetime

import pytest

from kyozon.domain import errors
from kyozon.domain.language import Text

TEXT = Text("do this.", "こうしてください。")
LATER = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLES: list[errors.KyozonError] = [
    errors.InvalidRequest(TEXT, "model"),
    errors.Unauthenticated(TEXT),
    errors.NotAllowed(TEXT),
    errors.NotFound(TEXT),
    errors.TooLarge(TEXT),
    errors.UnsupportedFile(TEXT),
    errors.InvalidFile(TEXT),
    errors.IdempotencyConflict(TEXT, retryable=True),
    errors.SettingsError((TEXT, TEXT)),
    errors.RejectedUpstream("p", 400, "detail"),
    errors.NotPermitted(TEXT, {}),
    errors.HeldForReview(TEXT, "rev_1"),
    errors.LimitReached(TEXT, "tokens", LATER),
    errors.BudgetReached(TEXT, LATER),
    errors.UpstreamUnreachable("p", "refused"),
    errors.UpstreamFailed("p", 500, "detail"),
    errors.StreamBroken("p", "cut"),
    errors.ModelNotReady(TEXT),
    errors.StorageUnavailable(TEXT),
    errors.Busy(TEXT),
    errors.CircuitOpen(TEXT, 15.0),
    errors.MissingPiece(TEXT),
]


def test_the_samples_are_all_there_is() -> None:
    defined = {c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.KyozonError)}
    families = {errors.KyozonError, errors.CallerError, errors.Refusal, errors.WorldFailure}
    assert {type(sample) for sample in SAMPLES} == defined - families


def test_codes_tell_errors_apart() -> None:
    codes = [sample.code for sample in SAMPLES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_messages_in_both_languages(error: errors.KyozonError) -> None:
    assert error.message("en")
    assert error.message("ja")
    assert error.message("en") == str(error) != error.message("ja")


@pytest.mark.parametrize(
    ("status", "retryable"), [(408, True), (429, True), (500, True), (529, True), (401, False), (403, False)]
)
def test_a_provider_is_tried_again_by_its_status(status: int, retryable: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    assert errors.UpstreamFailed("p", status, "").retryable is retryable


def test_the_tree_at_the_top_of_the_file_names_every_class() -> None:
    for sample in SAMPLES:
        assert f" {type(sample).__name__} " in (errors.__doc__ or "")
