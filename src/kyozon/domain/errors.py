"""Every error Kyozon raises on purpose.

KyozonError
├── CallerError                 the caller's mistake
│   ├── InvalidRequest          the body or a header cannot be read, or contradicts itself
│   ├── Unauthenticated         no key, an unknown, expired or revoked one
│   ├── NotAllowed              the key may not use this endpoint
│   ├── NotFound                a model, decision or key of that name does not exist
│   ├── TooLarge                the body is larger than this server takes
│   ├── UnsupportedFile         documents of this kind are not read
│   ├── InvalidFile             a document is empty, broken, locked, or takes more to read than it may
│   ├── IdempotencyConflict     the Idempotency-Key was used with another body, or is in use now
│   ├── SettingsError           kyozon.toml is wrong (all mistakes at once)
│   └── RejectedUpstream        the provider says the request itself is wrong
├── Refusal                     Kyozon could, but may not
│   ├── NotPermitted            every candidate met an objection
│   ├── HeldForReview           the answer is there, and a person looks at it first
│   ├── LimitReached            requests or tokens per minute, or requests at the same time
│   └── BudgetReached           money per month
└── WorldFailure                retryable or not
    ├── UpstreamUnreachable     no connection, or none in time
    ├── UpstreamFailed          the provider answered with a failure of its own
    ├── StreamBroken            the provider's stream ended before its end
    ├── ModelNotReady           a local model is loading or its engine died
    ├── StorageUnavailable      the database cannot record what must be recorded
    ├── Busy                    more requests at once than this server, or one provider, takes
    ├── CircuitOpen             a deployment that keeps failing is left alone for now
    └── MissingPiece            a package, file or program is not there
"""

from datetime import datetime
from typing import ClassVar

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Language, Text


class KyozonError(Exception):
    """The root. `code` is stable and machine-readable; `text` says what to do next, in both languages."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text

    def message(self, language: Language = "en") -> str:
        """The message in the caller's language."""
        return self.text.to(language)


class CallerError(KyozonError):
    """The caller's mistake."""

    code = "invalid_request"


class InvalidRequest(CallerError):
    """The body or a header cannot be read. `param` names the field."""

    def __init__(self, text: Text, param: str | None = None) -> None:
        super().__init__(text)
        self.param = param


class Unauthenticated(CallerError):
    """No key, an unknown, expired or revoked one."""

    code = "invalid_api_key"


class NotAllowed(CallerError):
    """The key may not use this endpoint."""

    code = "not_allowed"


class NotFound(CallerError):
    """A thing of that name does not exist."""

    code = "not_found"

    def __init__(self, text: Text, param: str | None = None) -> None:
        super().__init__(text)
        self.param = param


class TooLarge(CallerError):
    """The body is larger than this server takes."""

    code = "request_too_large"


class UnsupportedFile(CallerError):
    """Documents of this kind are not read; the text says which kinds are."""

    code = "unsupported_file"


class InvalidFile(CallerError):
    """A document is empty, broken, protected by a password, or takes more time or memory to read than it may."""

    code = "invalid_file"


class IdempotencyConflict(CallerError):
    """The Idempotency-Key was used with another body, or (`retryable`) its first request is still running."""

    code = "idempotency_conflict"

    def __init__(self, text: Text, *, retryable: bool) -> None:
        super().__init__(text)
        self.retryable = retryable


class SettingsError(CallerError):
    """kyozon.toml is wrong; `mistakes` holds one text for each."""

    code = "settings_invalid"

    def __init__(self, mistakes: tuple[Text, ...]) -> None:
        super().__init__(Text("\n".join(m.en for m in mistakes), "\n".join(m.ja for m in mistakes)))
        self.mistakes = mistakes


class RejectedUpstream(CallerError):
    """The provider says the request is wrong (400, 404, 413, 422): its own body is kept for the caller."""

    code = "rejected_by_provider"

    def __init__(self, provider: str, status: int, detail: str) -> None:
        super().__init__(
            Text(
                f"{provider} rejected the request ({status}): {detail}",
                f"{provider} が要求を受け付けませんでした ({status})：{detail}",
            )
        )
        self.provider = provider
        self.status = status
        self.detail = detail


class Refusal(KyozonError):
    """Kyozon could, but may not."""

    code = "refused"


class NotPermitted(Refusal):
    """No permitted model is left; `objections` maps each model to what excluded it, `review` names what was asked for."""

    code = "not_permitted"

    def __init__(self, text: Text, objections: dict[str, tuple[Objection, ...]]) -> None:
        super().__init__(text)
        self.objections = objections
        self.review: str | None = None

    def message(self, language: Language = "en") -> str:
        """What stands against each model, and the way that is open where a review was asked for."""
        text = self.text if self.review is None else _queued(self.text, self.review)
        return text.to(language)

    @property
    def rules(self) -> set[str]:
        """The rules that objected; where none is about rights or labels, the request itself is what does not fit."""
        return {objection.rule for found in self.objections.values() for objection in found}


def _queued(refused: Text, review: str) -> Text:
    return Text(
        f"{refused.en} A person has been asked: once review {review} is approved, GET /kyozon/v1/reviews/{review} names "
        "the grant (grant_id) with which the same request may be sent (x-kyozon-grant).",
        f"{refused.ja}審査 {review} を依頼しました。承認後、GET /kyozon/v1/reviews/{review} で"
        "許可書の ID（grant_id）を確認し、x-kyozon-grant に指定して同じ要求を送ってください。",
    )


class HeldForReview(Refusal):
    """A person looks at the answer first; `review` names the item, None where nothing was asked for yet."""

    code = "held_for_review"

    def __init__(self, text: Text, review: str | None = None) -> None:
        super().__init__(text)
        self.review = review


class LimitReached(Refusal):
    """More requests or tokens in a minute than the key may use. `resets_at` is None where waiting does not help."""

    code = "rate_limit_exceeded"

    def __init__(self, text: Text, limit: str, resets_at: datetime | None) -> None:
        super().__init__(text)
        self.limit = limit
        self.resets_at = resets_at


class BudgetReached(Refusal):
    """The key's money for this month is spent or reserved."""

    code = "insufficient_quota"

    def __init__(self, text: Text, resets_at: datetime) -> None:
        super().__init__(text)
        self.resets_at = resets_at


class WorldFailure(KyozonError):
    """Something outside failed; `retryable` says whether another try, here or elsewhere, can help.

    `retry_after` is in how many seconds, where that is known.
    """

    code = "unavailable"
    retryable: bool = True
    retry_after: float | None = None


class UpstreamUnreachable(WorldFailure):
    """No connection to the provider, or none in time."""

    code = "provider_unreachable"

    def __init__(self, provider: str, detail: str) -> None:
        super().__init__(
            Text(
                f"cannot reach {provider}: {detail}. Try again in a moment; if it stays so, the operator should check that "
                "it runs and that its base_url is right: Kyozon's log says more.",
                f"{provider} に接続できません：{detail}。少し待って再度お試しください。続く場合は、起動しているか、"
                "base_url が正しいかを管理者が確認してください（詳しくは Kyozon のログにあります）。",
            )
        )
        self.provider = provider


class UpstreamFailed(WorldFailure):
    """The provider answered with a failure of its own; told apart by status, never by text."""

    code = "provider_failed"

    def __init__(self, provider: str, status: int, detail: str | Text, retry_after: float | None = None) -> None:
        told = detail if isinstance(detail, Text) else Text(detail, detail)
        super().__init__(
            Text(
                f"{provider} failed ({status}): {told.en}",
                f"{provider} が失敗しました ({status})：{told.ja}",
            )
        )
        self.provider = provider
        self.status = status
        self.detail = told.en
        self.retry_after = retry_after
        self.retryable = status in (408, 409, 425, 429) or status >= 500  # noqa: PLR2004


class StreamBroken(WorldFailure):
    """The provider's stream ended before its end."""

    code = "stream_broken"

    def __init__(self, provider: str, detail: str) -> None:
        super().__init__(
            Text(
                f"the answer of {provider} was cut off: {detail}. What arrived is accounted for; ask again for the rest.",
                f"{provider} の応答が途中で切れました：{detail}。届いた分は記帳済みです。続きは再度お試しください。",
            )
        )
        self.provider = provider


class ModelNotReady(WorldFailure):
    """A local model is loading, or its engine died and is being restarted."""

    code = "model_not_ready"


class StorageUnavailable(WorldFailure):
    """The database cannot record what must be recorded, so nothing is sent."""

    code = "storage_unavailable"
    retry_after = 1.0


class Busy(WorldFailure):
    """More requests at once than this server, or one provider, takes; nothing was sent there."""

    code = "server_busy"
    retry_after = 1.0


class CircuitOpen(WorldFailure):
    """A deployment has failed repeatedly and is left alone for `retry_after` seconds; nothing was sent there."""

    code = "circuit_open"

    def __init__(self, text: Text, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class MissingPiece(WorldFailure):
    """A package, file or program is not there; the text says how to get it."""

    code = "missing_piece"
    retryable = False


NOT_SENT = (Busy.code, CircuitOpen.code)
"""What is recorded of an attempt that nothing was sent for."""
