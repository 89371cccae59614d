"""What whoever asks for a review, or decides on one, is told where that cannot be."""

from collections.abc import Iterable

from kyozon.domain.errors import HeldForReview, InvalidRequest, LimitReached, NotAllowed, NotFound
from kyozon.domain.labels import Label
from kyozon.domain.language import Text
from kyozon.domain.review import ReviewItem


def unknown(name: str) -> NotFound:
    """There is none of that id, or none that this key may know of."""
    return NotFound(
        Text(f"there is no review {name!r} that this key may see.", f"このキーで参照できる審査 {name!r} はありません。")
    )


def held(item_id: str) -> HeldForReview:
    """An answer waits for a person."""
    text = Text(
        f"a person looks at this answer first. Once it is approved, GET /kyozon/v1/reviews/{item_id}/answer delivers it.",
        f"この応答は担当者の確認待ちです。承認後、GET /kyozon/v1/reviews/{item_id}/answer で受け取れます。",
    )
    return HeldForReview(text, item_id)


def gone(item: ReviewItem) -> NotFound:
    """The answer is not kept any more."""
    return NotFound(
        Text(
            f"review {item.id} is {item.state}, and its answer is kept no more.",
            f"審査 {item.id} は {item.state} です。応答は保存されていません。",
        )
    )


def own() -> NotAllowed:
    """Nobody decides on what he has asked for."""
    return NotAllowed(
        Text(
            "who has asked cannot decide: another person has to.",
            "依頼した本人は決定できません。別の人が決定してください。",
        )
    )


def without_role(missing: Iterable[str]) -> NotAllowed:
    """The key lacks roles."""
    roles = ", ".join(missing)
    return NotAllowed(
        Text(
            f"this takes a key with the roles: {roles} (kyozon keys create --role).",
            f"これには次の役割を持つキーが必要です：{roles}（kyozon keys create --role）。",
        )
    )


def uncleared(item: ReviewItem) -> NotAllowed:
    """The key may not see what it is about."""
    label = item.claim.label
    return NotAllowed(
        Text(
            f"the content is labelled {label}, and this key is not cleared for it.",
            f"内容のラベルは {label} で、このキーには許可がありません。",
        )
    )


def late(item: ReviewItem) -> InvalidRequest:
    """It waits no more."""
    return InvalidRequest(
        Text(
            f"review {item.id} waits no more: it has been decided on, its time is over, or the label has just changed. "
            f"kyozon review show {item.id} tells.",
            f"審査 {item.id} は決定済みか期限切れ、またはラベルが変更された直後です。"
            f"kyozon review show {item.id} で確認できます。",
        )
    )


def other_policy() -> InvalidRequest:
    """What was asked for was asked for under another policy."""
    return InvalidRequest(
        Text(
            "the policy has changed since this was asked for: refuse it, and let it be asked for again.",
            "依頼の後にポリシーが変わりました。却下のうえ、改めて依頼してもらってください。",
        )
    )


def other_label(item: ReviewItem, now: Label) -> InvalidRequest:
    """What was to be lowered is labelled otherwise by now."""
    return InvalidRequest(
        Text(
            f"the label was {item.claim.label} when this was asked for and is {now} now: refuse it, and let it be asked "
            "for again.",
            f"依頼時のラベルは {item.claim.label} でしたが、現在は {now} です。"
            "却下のうえ、改めて依頼してもらってください。",
        )
    )


def not_lower(value: str, old: Label, new: Label) -> InvalidRequest:
    """Nobody need approve of that."""
    return InvalidRequest(
        Text(
            f"{value} is labelled {old}, and {new} is not lower. A label is raised at once, without a review: kyozon "
            f"exposure {value} --raise {new} --reason WHY.",
            f"{value} のラベルは {old} で、{new} への変更は引き下げではありません。引き上げは審査なしですぐに行えます："
            f"kyozon exposure {value} --raise {new} --reason 理由。",
        ),
        "label",
    )


def without_purpose() -> InvalidRequest:
    """Whoever decides must know what it is for."""
    return InvalidRequest(
        Text(
            "whoever approves needs to know what a lower label is for: name a purpose, as in published-report.",
            "承認する人のために、ラベルを引き下げる目的が必要です（例：published-report）。",
        ),
        "purpose",
    )


def too_many(waiting: int) -> LimitReached:
    """Nobody fills the queue of those who decide."""
    text = Text(
        f"{waiting} reviews that you asked for wait already, so this one is not queued: have some of them decided first.",
        f"審査待ちの依頼がすでに {waiting} 件あるため、新たに依頼できません。先に一部の決定を受けてください。",
    )
    return LimitReached(text, "waiting_reviews", None)
