"""What a verifier is shown."""

from collections.abc import Sequence

from msgspec import Struct


class Stakes(Struct, frozen=True):
    """What hangs on a verdict: the costs of asking the stronger model and one for a second opinion (None: nobody is left).

    `rate` is the quality that a unit of money must bring. `support` says how well requests like this one are known.
    """

    stronger: float
    opinion: float | None
    rate: float
    support: float = 1.0


class Answered(Struct, frozen=True):
    """One answer to one prompt, and what else is known; whatever is None or empty counts neither for nor against it.

    `others` are whole answers of other models to the same prompt, in the order they were asked. `expected` and `stronger`
    are the probabilities, from the prompt alone, that this model's answer and that of the model to escalate to are good.
    `vector` is the prompt's embedding. `cut` says that the answer was stopped by its limit of tokens. `log_probability` is
    the mean over the tokens of the answer, `least_log_probability` that of the least probable tenth of them (natural
    logarithms).
    """

    prompt: str
    answer: str
    others: tuple[str, ...] = ()
    expected: float | None = None
    stronger: float | None = None
    vector: Sequence[float] | None = None
    cut: bool | None = None
    log_probability: float | None = None
    least_log_probability: float | None = None
