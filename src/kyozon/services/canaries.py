"""Watches for canaries in what is about to leave, and raises the alarm."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from kyozon.domain.callers import ApiKey
from kyozon.domain.canaries import Canary, CanaryAlarm
from kyozon.domain.decisions import Decision, Objection
from kyozon.domain.errors import NotPermitted
from kyozon.domain.labels import Zone
from kyozon.domain.language import Text
from kyozon.governance.flow import may_flow
from kyozon.ports.provider import ChatCall, EmbeddingCall, RerankCall
from kyozon.ports.telemetry import Gauge

_ABOUT = "Canaries seen on their way to a zone that is not cleared for them, or to a caller who should not read them."


class CanaryWatch:
    """`canaries` are those there are now; `tell` takes each alarm, and must neither wait nor raise."""

    def __init__(self, canaries: Callable[[], Sequence[Canary]], tell: Callable[[CanaryAlarm], None]) -> None:
        self._canaries = canaries
        self._tell = tell
        self._alarms: Counter[str] = Counter(egress=0, answer=0)

    def leaving(self, call: ChatCall | EmbeddingCall | RerankCall, zone: Zone | None, decision: Decision) -> None:
        """Look through a request before it leaves.

        Raises:
            NotPermitted: a canary is in it that may not go there. Its label was lost on the way, so nothing is sent.
        """
        forbidden = [canary for canary in self._canaries() if not may_flow(canary.label, zone)]
        if not forbidden:
            return
        texts = () if isinstance(call, ChatCall) else call.request.texts  # the cache asks with texts alone
        body = msgspec.json.encode([call.request.body, texts])
        for canary in forbidden:
            if canary.token.encode() in body:
                self._raise(CanaryAlarm(canary.name, "egress", call.card.zone, decision.id, decision.tenant, decision.user))
                raise NotPermitted(_STAYS, {call.card.id: (_objection(canary, zone),)})

    def answers(self, key: ApiKey, decision_id: str) -> "AnswerWatch":
        """A watch over one answer to the bearer of a key."""

        def alarm(canary: Canary) -> None:
            self._raise(CanaryAlarm(canary.name, "answer", key.tenant, decision_id, key.tenant, key.user))

        return AnswerWatch([one for one in self._canaries() if not one.belongs_to(key.tenant, key.user)], alarm)

    def gauges(self) -> Iterable[Gauge]:
        """How many alarms there have been since the start."""
        return [Gauge("kyozon_canary_alarms", _ABOUT, count, {"place": place}) for place, count in self._alarms.items()]

    def _raise(self, alarm: CanaryAlarm) -> None:
        self._alarms[alarm.place] += 1
        self._tell(alarm)


class AnswerWatch:
    """Looks through an answer, whole or piece by piece; each canary is told of once. The answer itself goes on."""

    def __init__(self, canaries: Sequence[Canary], alarm: Callable[[Canary], None]) -> None:
        self._left = list(canaries)
        self._alarm = alarm
        self._tail = ""
        self._kept = max((len(canary.token) for canary in canaries), default=1) - 1

    def hear(self, text: str) -> None:
        """The next words; a canary may stand across two pieces."""
        if not self._left or not text:
            return
        heard = self._tail + text
        for canary in [one for one in self._left if one.token in heard]:
            self._left.remove(canary)
            self._alarm(canary)
        self._tail = heard[-self._kept :] if self._kept else ""


_STAYS = Text(
    "the request contains a canary: text that was planted among data which may not leave for this model's zone. Nothing "
    "was sent, and the operator has been told. Take that data out, or ask a model that may have it.",
    "要求にカナリア（このモデルのゾーンに送れないデータに埋め込まれた目印）が含まれています。何も送信せず、"
    "管理者に通知しました。そのデータを除くか、許可されたモデルを使ってください。",
)


def _objection(canary: Canary, zone: Zone | None) -> Objection:
    return Objection("canary", str(canary.label), str(zone.clearance) if zone else "unknown", _STAYS)
