"""What the quality model that comes with Kyozon is fitted with: its anchors, and other names of what it knows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from kyozon.routing.estimating.facts import plain_name
from kyozon.trainers.quality.fitting import Options
from kyozon.trainers.quality.observations import Observation
from kyozon.trainers.quality.recorded import facts_in

ANCHORS = (
    "gpt-4o-2024-05-13",
    "gemini-1.5-pro-002",
    "gemini-1.5-flash-002",
    "llama-3.1-70b-instruct",
    "llama-3.1-8b-instruct",
    "mixtral-8x7b-instruct-v0.1",
    "gpt-4-1106-preview",
)
ALIASES = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "claude-3-5-sonnet": "claude-3-5-sonnet-20241022",
    "claude-3-5-haiku": "claude-3-5-haiku-20241022",
    "claude-3-opus": "claude-3-opus-20240229",
    "claude-3-haiku": "claude-3-haiku-20240307",
    "llama-3.1-8b-instruct-turbo": "llama-3.1-8b-instruct",
    "llama-3.1-70b-instruct-turbo": "llama-3.1-70b-instruct",
    "qwen2.5-7b-instruct-q4-k-m": "qwen2.5-7b-instruct",
}
"""A name without a date is the vendor's name for a snapshot; a turbo is the same weights. Merely similar is not enough."""

WITHOUT = ("pfgen_ja",)
"""Its scores measure how near a text is to reference answers, mostly of base models: not whether an answer is good."""


def release(folder: Path) -> Options:
    """The options, with the facts that the folder's prices tell, where it has any."""
    prices = folder / "prices.csv"
    return Options(anchors=ANCHORS, facts=facts_in(prices) if prices.exists() else {}, aliases=ALIASES)


def fitting_to(observations: Sequence[Observation], folders: Sequence[Path]) -> Options:
    """The options for whatever was recorded: anchors are those of the release that have results here.

    Where none of them has, as with results of one's own alone, they are the models with results enough to grow trees.
    """
    facts = {name: told for folder in folders for name, told in release(folder).facts.items()}
    count = Counter(plain_name(model) for each in observations for model in each.results)
    options = Options(facts=facts, aliases=ALIASES)
    own = tuple(sorted(name for name, results in count.items() if results >= options.least_results))
    return structs.replace(options, anchors=tuple(name for name in ANCHORS if name in count) or own)
