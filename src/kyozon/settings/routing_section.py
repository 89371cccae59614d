"""The table `[routing]` of `kyozon.toml`."""

from typing import Annotated, Literal

from pydantic import Field

from kyozon.settings.sections import Count, Quality, Seconds, Section


class Routing(Section):
    """Which permitted model answers when the caller says `auto`, and what happens when one fails."""

    router: str = "measured"
    """Name of the router: `cheapest` permitted model, or `measured`: the best trade of quality for money."""
    quality: Quality = "high"
    """How good an answer of `measured` must be where neither the request nor its key says: `max`, `high`, `balanced` or
    `economy`, or the share of what the best permitted model is expected to reach that every answer surely comes up to."""
    within: Annotated[Seconds, Field(gt=0, le=3600)] | None = None
    """In how many seconds the first words of an answer should come. A model that is expected to take longer is chosen only
    where no other permitted one keeps to it. A request or its key may state less; no goal when left out."""
    estimates: str | None = None
    """File of what `measured` knows of models; the one that comes with Kyozon when left out."""
    explore: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the `auto` requests that `measured` sends to another permitted model at random, so that what is never chosen
    is still learnt of; 0.02 is usual. Never of quality `max`, and never what follows a call of tools."""
    explore_floor: Annotated[float, Field(ge=0, le=1)] = 0.8
    """None goes to a model of which less is expected than this share of what is expected of the best permitted one."""
    drift_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """Every so many hours it is looked whether requests and answers are still what estimates were right for; 0: never."""
    cascade: bool = True
    """Whether `measured` may begin at a cheap model, judge its answer, and ask a stronger one where that is not good."""
    cascade_seconds: Annotated[Seconds, Field(ge=0, le=60)] = 2.0
    """How long the beginning of a streamed answer is held back then, from its first words on: one that has come to its end
    by then is judged, a longer one flows on unjudged."""
    cascade_tokens: Annotated[int, Field(ge=0, le=4096)] = 200
    """So too when it has become so many tokens long; 0 never holds a stream back."""
    trial_share: Annotated[int, Field(ge=1, le=99)] = 20
    """How many of a hundred conversations follow a new version of the estimates that has stood its trial in the shadow."""
    trial_least: Annotated[int, Field(ge=1)] = 200
    """No stage of a trial ends well before so many decisions."""
    trial_margin: Annotated[float, Field(gt=0, lt=1)] = 0.03
    """By how much, from 0 to 1, a new version may lower the quality of answers at most, surely, before all follow it."""
    learn_from_use: bool = True
    """Whether it counts against an answer when the same is asked again soon: once more, in other words, of a better model.
    Hashes of what was asked are compared, in memory; numbers alone are recorded."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often one request may call a model again that failed in passing; then the next permitted model is called."""
    retry_seconds: Annotated[Seconds, Field(ge=0, le=60)] = 0.25
    """The first pause before a retry is at most this long, each further one at most twice as long as the one before."""
    retry_longest_seconds: Annotated[Seconds, Field(ge=0, le=600)] = 10.0
    """No pause is longer. A provider that asks for more is not waited for."""
    retry_share: Annotated[int, Field(ge=0, le=100)] = 20
    """How many of a hundred requests to a provider may be retried, so that retries do not crush one that is ill."""
    breaker_failures: Count = 5
    """After so many failures in a row a model at a provider is left alone for a while."""
    breaker_share: Annotated[int, Field(ge=1, le=100)] = 50
    """So too when this many of a hundred calls fail, of twenty or more within half a minute."""
    breaker_seconds: Annotated[Seconds, Field(gt=0, le=3600)] = 15.0
    """How long it is left alone; twice as long each time that the call which tries it out fails, five minutes at most."""
    broken_stream: Literal["end", "continue"] = "end"
    """When a stream breaks after its first words: end it with an error, or let the next permitted model continue it."""
