"""The decision record: what was asked, which models could have answered, which one may, and why."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from kyozon.domain.cascades import Cascade, Judged
from kyozon.domain.labels import Clearance, Label, LabelSource
from kyozon.domain.language import Text
from kyozon.domain.masking import MaskedSpans
from kyozon.domain.pace import Timing
from kyozon.domain.quality import Estimate, Goal
from kyozon.domain.requests import Needs
from kyozon.domain.review import GrantUse
from kyozon.domain.usage import Charge, Usage, together


class Exclusion(Struct, frozen=True):
    """Which rule excludes a model: what it needs and what it found. Records keep this much for every model weighed."""

    rule: str
    need: str
    have: str


class Objection(Exclusion, frozen=True):
    """An exclusion, and what to do about it."""

    text: Text


class Candidate(Struct, frozen=True):
    """One model card as the decision saw it. Without objections it is permitted; `rank` 1 is the choice.

    `health` is the state of its circuit breaker, None for a closed one: an open one is ranked behind all others. `masked`
    says that it gets masked words only. `estimate` is what was expected of its answer, permitted or not; the reasons of an
    estimate are kept for the choice alone. `timing` is how soon it was expected to answer, where a goal for time held and
    anything was known of that.
    """

    model: str
    provider: str
    zone: str
    objections: tuple[Exclusion, ...] = ()
    predicted_cost: Decimal | None = None
    rank: int | None = None
    health: Literal["open", "half_open"] | None = None
    masked: bool = False
    estimate: Estimate | None = None
    timing: Timing | None = None

    @property
    def permitted(self) -> bool:
        """Whether no rule objected."""
        return not self.objections

    @property
    def predicted_seconds(self) -> float | None:
        """In how many seconds its first words were expected; None where that was not known."""
        return None if self.timing is None else self.timing.seconds

    @property
    def late(self) -> bool:
        """Whether it is ranked behind those that keep the goal for time."""
        return self.timing is not None and self.timing.late


class Exploration(Struct, frozen=True):
    """That the choice was left to chance. `propensity` is the probability with which what was chosen was to be chosen.

    It holds given everything else that is known of the request. `draw`, from 0 up to 1, is the chance that it was left to:
    by it the decision can be made again. `explored` says that something else was chosen than what the router would choose;
    `instead` is whom that would have asked: the first model, and where it planned a cascade the strong one and the second
    opinion ("" for none). Empty where nothing was explored.
    """

    propensity: float
    draw: float
    explored: bool
    instead: tuple[str, ...] = ()


class Trial(Struct, frozen=True):
    """What another version of the estimator, on its way to be used, has to do with a decision.

    `used` says that `version` decided; else the one in use did. `choice` and `provider` are what the one of the two that
    did not decide would have asked first, `behind` the strong model and the second opinion ("" for none) of a cascade;
    `quality` and `cost` are what it expects of all that it would ask. `differs` says that the two would have asked
    different models. `failed` says that `version` abstained, so that the one in use decided.
    In the stage `share` it decides for so many of a hundred conversations; `conversation` is a hash that tells them apart.
    """

    version: str
    stage: Literal["shadow", "share"]
    used: bool
    choice: str = ""
    provider: str = ""
    quality: float | None = None
    cost: Decimal | None = None
    differs: bool = False
    failed: bool = False
    share: int = 0
    conversation: str = ""
    behind: tuple[str, ...] = ()


class Decision(Struct, frozen=True):
    """Written durably before any byte leaves; a refusal is a decision too. It holds no text of the request.

    `basis` names what it was made from (`domain.policy.Basis`); with `needs` and the `clearance` of the key it can be made
    again. Records of an earlier version have none of the three. `sources` names the stored values in the request: what the
    decision's answer is made from, whose labels are in its own. `purpose`, `session` and `parent` are the caller's word
    (`domain.requests.Stated`), empty where none is stated; `tools` has the hash over each offered tool's name.
    `masked_label` is the label of the masked words, where there are any that were verified; `masked` counts what tokens
    stand for in them, where a candidate gets them. `quality` is how good the answer had to be and `estimator` the version
    of what estimated it, where more than one model could be meant. `exploration` is None where nothing was left to chance,
    `trial` where no other version of the estimator was asked. `cascade` is whom else the answer may bring in. `within` is
    the goal for the first words in seconds: the least that request, key and settings say, None where none of them does.
    """

    id: str
    at: datetime
    tenant: str
    key_id: str
    user: str
    kind: Literal["chat", "embedding", "reranking", "count"]
    requested_model: str
    label: Label
    label_sources: tuple[LabelSource, ...]
    policy_version: str
    router: str
    candidates: tuple[Candidate, ...]
    chosen: str | None
    reason: Text
    input_tokens_estimated: int
    output_tokens_limit: int
    body_sha256: str
    held: Decimal = Decimal(0)
    currency: str = "USD"
    basis: str = ""
    needs: Needs | None = None
    clearance: Clearance | None = None
    sources: tuple[str, ...] = ()
    purpose: str = ""
    masked_label: Label | None = None
    masked: tuple[MaskedSpans, ...] = ()
    grant: GrantUse | None = None
    session: str = ""
    parent: str = ""
    tools: tuple[str, ...] = ()
    quality: Goal | None = None
    estimator: str = ""
    exploration: Exploration | None = None
    trial: Trial | None = None
    cascade: Cascade | None = None
    within: float | None = None


class Attempt(Struct, frozen=True):
    """One call to one model within a request.

    `usage` and `charge` are of an answer that was not delivered: it broke before another model took over, or it was set
    aside in a cascade. It costs what it costs. Those of the answer that was delivered stand in the outcome; of the calls
    without an error that is the last one. `judged` is what was thought of this answer, or, for a second opinion, of the
    first answer when it was asked for.
    """

    model: str
    provider: str
    error: str | None = None
    status: int | None = None
    usage: Usage | None = None
    charge: Charge | None = None
    judged: Judged | None = None


class UnderWay(Struct, frozen=True):
    """How far a request has come that owes for calls already, as one more model is called: kept until its outcome is there.

    Should the process die, these `attempts` are known, and that `model` at `provider` may have read the request and
    `more_input` tokens beyond it. `verifier` is as that of the outcome.
    """

    decision_id: str
    attempts: tuple[Attempt, ...]
    model: str
    provider: str
    more_input: int = 0
    verifier: str = ""


class CacheUse(Struct, frozen=True):
    """What the answer cache did for a request.

    `partition` is the SHA-256 of what a request and an answer must share before they are compared at all. A hit names the
    decision that the answer was first given for and what that had cost, which this time is `saved`. `embedding` is the
    call that a search by similarity took, paid like any other; `reason` says why a request passed the cache by.
    """

    result: Literal["hit-exact", "hit-semantic", "miss", "refresh", "bypass"]
    partition: str = ""
    similarity: float | None = None
    source: str | None = None
    saved: Charge | None = None
    embedding: Attempt | None = None
    reason: str | None = None

    @property
    def hit(self) -> bool:
        """Whether no model was asked for an answer."""
        return self.result.startswith("hit")


OutcomeStatus = Literal["answered", "broken", "left", "failed", "refused", "lost"]


class Outcome(Struct, frozen=True):
    """How a decided request ended, written when it ended. `heard` says that its words were passed on to a collector.

    `answered` whole; `broken` the upstream's stream was cut; `left` the caller hung up; `failed` no model answered;
    `refused` nothing was sent; `lost` the process died and recovery closed the record. `provider` served `model`; in
    records of an earlier version it is None. `verifier` is the version of what judged answers, where one was judged.
    """

    decision_id: str
    at: datetime
    status: OutcomeStatus
    model: str | None = None
    usage: Usage = Usage()
    charge: Charge = Charge(Decimal(0))
    finish: str | None = None
    attempts: tuple[Attempt, ...] = ()
    error: str | None = None
    first_token_ms: int | None = None
    total_ms: int | None = None
    cache: CacheUse | None = None
    heard: bool = False
    provider: str | None = None
    verifier: str = ""

    @property
    def calls(self) -> tuple[Attempt, ...]:
        """Every call made for the request beside the one that answered: what each has cost stands in it."""
        embedding = self.cache.embedding if self.cache else None
        return self.attempts if embedding is None else (*self.attempts, embedding)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What each call for the request has cost, the answer first."""
        return (self.charge, *(call.charge for call in self.calls if call.charge is not None))

    @property
    def paid(self) -> Charge:
        """What everything of the request has cost, all calls together (`domain.usage.together`)."""
        return together(self.charges)
