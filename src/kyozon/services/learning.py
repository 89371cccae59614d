"""Learning from use: from recorded decisions and what was said of their answers, another version of what estimates models.

Only numbers of the records are read, no words: what was expected of each answer, what was said of it, and the likeliest
domain of the request, which stands among the reasons.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from kyozon.domain.errors import CallerError
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard
from kyozon.ports.feedback import FeedbackStore
from kyozon.routing.estimating.judgements import Judgement, LeftOut, judgement
from kyozon.routing.estimating.learning import FEWEST, Lesson, learnt
from kyozon.routing.estimating.quality_model import QualityModel


class Learnt(Struct, frozen=True):
    """The lesson of `judged` answers, of so many `decisions`; why the others say nothing, and which cannot be read."""

    decisions: int
    judged: int
    lesson: Lesson
    passed_over: dict[LeftOut, int]
    left_out: list[str]


class Learner:
    """Learns for a model in use and the models that are served now."""

    def __init__(self, feedback: FeedbackStore, model: QualityModel, cards: Mapping[str, ModelCard]) -> None:
        self._feedback = feedback
        self._model = model
        self._cards = cards

    async def learn(self, since: datetime, tenant: str | None = None) -> Learnt:
        """What decisions since a moment teach.

        Raises:
            CallerError: too little was said of any model's answers to learn from.
            StorageUnavailable: the records cannot be read.
        """
        passed_over: Counter[LeftOut] = Counter()
        found: list[Judgement] = []
        left_out: list[str] = []
        async for rated in self._feedback.rated(since, None, tenant, left_out):
            told = judgement(rated, self._model.version)
            if isinstance(told, Judgement):
                found.append(told)
            else:
                passed_over[told] += 1
        lesson = learnt(self._model, self._cards, found)
        decisions = len(found) + passed_over.total()
        if not decisions:
            raise CallerError(_no_record(since, tenant))
        if not lesson.moved:
            raise CallerError(_too_little(decisions, len(found), passed_over, self._model.version))
        return Learnt(decisions, len(found), lesson, dict(passed_over), left_out)


def _no_record(since: datetime, tenant: str | None) -> Text:
    """No decision at all, which is about what was asked for and not about judgements."""
    whose, check = (f" of tenant {tenant}", ", and check the name given with --tenant") if tenant else ("", "")
    whose_ja, check_ja = (f"テナント {tenant} の決定", "--tenant の名前を確かめ、") if tenant else ("決定", "")
    return Text(
        f"no decision{whose} is on record since {since:%Y-%m-%d} (UTC). Look further back with --since{check}.",
        f"{since:%Y-%m-%d}（UTC）以降、{whose_ja}の記録がありません。{check_ja}--since でさらに過去を含めてください。",
    )


def _too_little(decisions: int, judged: int, passed_over: Mapping[LeftOut, int], version: str) -> Text:
    """Why nothing was learnt, and what to do about it."""
    elsewhere = passed_over.get("elsewhere", 0)
    other = f" {elsewhere} judged answers were chosen by another version than {version}." if elsewhere else ""
    other_ja = f"別のバージョン（{version} 以外）が選んだ評価済みの応答が {elsewhere} 件あります。" if elsewhere else ""
    return Text(
        f"there is nothing to learn yet: of {decisions} decisions {judged} have a judged answer to learn from, and no "
        f"model has {FEWEST:g} of which somebody said outright how good they are.{other} Let people judge answers (kyozon "
        "feedback give, POST /kyozon/v1/feedback), or look further back with --since.",
        f"まだ学習できる材料がありません。{decisions} 件の決定のうち、学習に使える評価済みの応答は {judged} 件で、"
        f"明示的な評価が {FEWEST:g} 件に達したモデルがありません。{other_ja}"
        "応答への評価を集めるか（kyozon feedback give、POST /kyozon/v1/feedback）、--since でさらに過去を含めてください。",
    )
