"""The gate: whether a version of the router has earned its next stage, or is to go back.

    shadow ── enough decisions, none of them worse by what is known ──▶ share ── surely not worse, and no dearer ──▶ whole
      └───────── abstains, or surely worse ─────────▶ back ◀──────────────┘

What is not known does not promote: where too few answers were judged, a version stays where it is and the gate says so.
That holds, too, where the choices differ so rarely that little could be lost, and where they do not differ at all.
"""

from typing import Final

from kyozon.domain.language import Text
from kyozon.domain.rollout import Difference, Evidence, Rollout, Ruling, Terms

MOST_ABSTAINED: Final = 0.01
"""The share of its decisions from which a version may abstain."""
LEAST_JUDGED: Final = 30
"""With either version so many conversations in which the choices differ must have been judged outright to go whole."""


def ruling(rollout: Rollout, found: Evidence) -> Ruling:
    """What is to be done with a rollout that runs."""
    wrong = [*_fails(rollout.terms, found), *_worse(rollout.terms, found)]
    if wrong:
        return Ruling("back", tuple(wrong))
    missing = _too_early(rollout.terms, found)
    if not missing and rollout.stage == "share":
        missing = _unproved(rollout.terms, found)
    if missing:
        return Ruling("stay", tuple(missing))
    return Ruling("on", (_earned_share(found) if rollout.stage == "shadow" else _earned_whole(rollout.terms, found),))


def _fails(terms: Terms, found: Evidence) -> list[Text]:
    """A version that will have abstained too often when the stage has its decisions need not be waited for."""
    if found.abstained <= MOST_ABSTAINED * max(found.decisions, terms.least):
        return []
    count, of = found.abstained, found.decisions
    return [
        Text(
            f"it failed in {count:,} of {of:,} decisions",
            f"{of:,} 件の決定のうち {count:,} 件で予測に失敗しました",
        )
    ]


def _worse(terms: Terms, found: Evidence) -> list[Text]:
    """Surely worse than the margin allows; or surely worse at all, and not even cheaper."""
    if found.decided == 0 and found.decisions < terms.least:  # a shadow's interval holds for one look
        return []
    cheaper = found.cost_change is not None and found.cost_change < 0
    most = -terms.margin if cheaper else 0.0
    told = []
    if found.quality is not None and found.quality.high < most:
        told.append(
            Text(
                f"its answers are surely worse: {_points(found.quality)}",
                f"回答の質が確実に低下しています：{_points(found.quality, ja=True)}",
            )
        )
    if found.well is not None and found.well.high < most:
        told.append(
            Text(
                f"more of its requests fail or are asked again: {_points(found.well)}",
                f"失敗や再質問が確実に増えています：{_points(found.well, ja=True)}",
            )
        )
    return told


def _too_early(terms: Terms, found: Evidence) -> list[Text]:
    if found.decisions >= terms.least:
        return []
    return [
        Text(
            f"{found.decisions:,} of at least {terms.least:,} decisions so far",
            f"決定はまだ {found.decisions:,} 件です（最低 {terms.least:,} 件）",
        )
    ]


def _unproved(terms: Terms, found: Evidence) -> list[Text]:
    """What a share still owes: that nothing is lost, and that it does not cost more."""
    told = []
    quality = found.quality
    if found.differing == 0:
        told.append(_no_difference(found))
    elif quality is None or quality.low < -terms.margin:
        told.append(_not_yet(terms, quality))
    elif min(quality.before, quality.after) < LEAST_JUDGED:
        told.append(_too_few(quality))
    if found.cost_change is None:
        told.append(
            Text(
                "what it costs is not known yet: no request of known price",
                "費用はまだ比較できません（価格の分かる要求なし）",
            )
        )
    elif found.cost_change > 0:
        percent = f"{100 * found.cost_change:.1f} %"
        told.append(
            Text(
                f"it costs {percent} more: only a person can say that it is worth that (kyozon route promote)",
                f"費用が {percent} 増えます。それに見合うかは人の判断が必要です（kyozon route promote）",
            )
        )
    return told


def _not_yet(terms: Terms, quality: Difference | None) -> Text:
    before, after = (quality.before, quality.after) if quality else (0, 0)
    most, margin = f"{-100 * (quality.low if quality else -1.0):.1f}", f"{100 * terms.margin:g}"
    return Text(
        f"quality may be lower by as much as {most} points, and {margin} are allowed: more answers must be judged "
        f"(kyozon feedback). So far {_judged(before, after)}",
        f"品質が最大 {most} ポイント低い可能性があり、許容は {margin} ポイントです。"
        f"評価（kyozon feedback）がさらに必要です。{_judged_ja(before, after)}",
    )


def _no_difference(found: Evidence) -> Text:
    return Text(
        f"it would have done the same in all {found.decisions:,} decisions, so nothing speaks for it or against it: "
        "only a person can say that it goes live (kyozon route promote); kyozon route back ends the trial",
        f"{found.decisions:,} 件の決定すべてで選択が同じため、比較できる違いがありません。"
        "適用するかは人が判断します（kyozon route promote）。kyozon route back で試行を終了できます",
    )


def _too_few(quality: Difference) -> Text:
    before, after = quality.before, quality.after
    return Text(
        f"more answers must be judged (kyozon feedback): so far {_judged(before, after)}; "
        f"at least {LEAST_JUDGED} of each are needed, or a person's word (kyozon route promote)",
        f"評価（kyozon feedback）がさらに必要です。{_judged_ja(before, after)}。"
        f"それぞれ {LEAST_JUDGED} 件以上、または人の判断（kyozon route promote）が必要です",
    )


def _judged(before: int, after: int) -> str:
    return f"{before:,} conversations without it and {after:,} with it were judged, of those where the choices differ"


def _judged_ja(before: int, after: int) -> str:
    return f"選択が異なる会話のうち評価済みは、従来が {before:,} 件、新しいバージョンが {after:,} 件です"


def _earned_share(found: Evidence) -> Text:
    return Text(
        f"{found.decisions:,} decisions; it would have chosen another model in {found.differing:,}",
        f"{found.decisions:,} 件の決定のうち {found.differing:,} 件で別のモデルを選んだはずです",
    )


def _earned_whole(terms: Terms, found: Evidence) -> Text:
    known, known_ja = (_points(found.quality), _points(found.quality, ja=True)) if found.quality else ("-", "-")
    saved, margin = f"{-100 * (found.cost_change or 0.0):.1f} %", f"{100 * terms.margin:g}"
    return Text(
        f"quality loses no more than {margin} points ({known}), and {saved} of the cost is saved",
        f"品質の低下は {margin} ポイント以内（{known_ja}）、費用は {saved} 節約",
    )


def _points(found: Difference, *, ja: bool = False) -> str:
    """A difference of quality in points of a hundred."""
    low, high = f"{100 * found.low:+.1f}", f"{100 * found.high:+.1f}"
    if ja:
        return f"{low}〜{high} ポイント（95 % 区間）"
    return f"between {low} and {high} points (95 %)"
