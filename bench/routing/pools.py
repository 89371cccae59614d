"""Which questions are put to which models: the tasks that routers are compared in."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from bench.routing.recordings import Item

Kind = Literal["pair", "many", "cascade"]
Learn = Literal["folds", "sample", "transfer", "unseen"]

MIXTRAL, GPT4 = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
JUDGE = "gpt-4.1-2025-04-14"
SAMPLE, SEEDS = 1500, 5
TARGETS = (0.95, 0.99, 1.0)


class Task(Struct, frozen=True):
    """Questions of some benchmarks, put to a pool of models, the best of which comes last.

    `learn`: `folds` from the same benchmarks (other folds), `sample` from 1,500 labels of them, `transfer` from everything
    that has nothing to do with them, `unseen` from the other benchmarks. `headline` is the share of the best model's
    quality that matters most. `labels` is how many a `sample` has. `held_out_only`: only where a folder is held out.
    """

    name: str
    title: str
    source: str
    benchmarks: tuple[str, ...]
    pool: tuple[str, ...]
    kind: Kind
    learn: Learn = "folds"
    headline: float = 0.99
    labels: int = SAMPLE
    held_out_only: bool = False

    def wants(self, item: Item) -> bool:
        """Whether it asks this question; those that RouteLLM drops as contaminated are dropped."""
        return item.benchmark in self.benchmarks and not item.contaminated


_PAIR = (MIXTRAL, GPT4)
_EIGHT, _SEVENTY, _GPT4O = "Llama-3.1-8B-Instruct", "Llama-3.1-70B-Instruct", "gpt-4o-2024-05-13"
SEVEN = (
    "Phi-3-mini-4k-instruct",
    _EIGHT,
    "command-r-v01",
    _SEVENTY,
    "gemini-1.5-flash-002",
    "gemini-1.5-pro-002",
    _GPT4O,
)
ELEVEN = (
    "sbintuitions__sarashina2.2-3b-instruct-v0.1",
    "Qwen__Qwen3-8B-nothink",
    "tokyotech-llm__Llama-3.1-Swallow-8B-Instruct-v0.5",
    "shisa-ai__shisa-v2-unphi4-14b",
    "Qwen__Qwen3-30B-A3B-Instruct-2507",
    "meta-llama__Llama-3.3-70B-Instruct",
    "gpt-5-nano-2025-08-07",
    "gpt-5-mini-2025-08-07",
    "gemini__gemini-2.5-flash",
    "gpt-4o-2024-11-20",
    "gemini__gemini-2.5-pro",
)
_JAPANESE = ("ja_ELYZA-tasks-100", "ja_ja-mt-bench-1shot", "ja_rakuda-questions")
_MINI, _FOUR_O = "gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"
_VOTES = ("Meta-Llama-3.1-8B-Instruct", "gemma-2-9b-it")
_ZERO = ("zeroeval_crux", "zeroeval_gsm")

TASKS = (
    Task("mmlu", "MMLU: Mixtral, GPT-4", "routellm", ("mmlu",), _PAIR, "pair"),
    Task("mmlu_1500", "MMLU, 1,500 labels: Mixtral, GPT-4", "routellm", ("mmlu",), _PAIR, "pair", "sample"),
    Task("mmlu_transfer", "MMLU, no label of MMLU: Mixtral, GPT-4", "routellm", ("mmlu",), _PAIR, "pair", "transfer"),
    Task("gsm8k", "GSM8K: Mixtral, GPT-4", "routellm", ("gsm8k",), _PAIR, "pair"),
    Task("mmlu_pro7", "MMLU-Pro: seven models to GPT-4o", "mmlu_pro", ("mmlu_pro",), SEVEN, "many", headline=1.0),
    Task("llama70b_gpt4o_before", "MMLU-Pro: Llama 70B, GPT-4o", "mmlu_pro", ("mmlu_pro",), (_SEVENTY, _GPT4O), "pair"),
    Task("4omini_4o_before", "ZeroEval: GPT-4o mini, GPT-4o", "zeroeval", _ZERO, (_MINI, _FOUR_O), "pair"),
    Task(
        "ja_unseen",
        "A Japanese benchmark never seen: eleven models to Gemini 2.5 Pro",
        f"shaberi_ja/{JUDGE}",
        _JAPANESE,
        ELEVEN,
        "many",
        "unseen",
    ),
    Task("gsm8k_cascade", "GSM8K: Mixtral, then GPT-4", "routellm", ("gsm8k",), _PAIR, "cascade"),
    Task(
        "llama70b_gpt4o_one_family",
        "MMLU-Pro: Llama 8B and 70B, then GPT-4o",
        "mmlu_pro",
        ("mmlu_pro",),
        (_EIGHT, _SEVENTY, _GPT4O),
        "cascade",
    ),
    Task(
        "llama70b_gpt4o",
        "MMLU-Pro: Llama 8B, Gemini 1.5 Flash and Llama 70B, then GPT-4o",
        "mmlu_pro",
        ("mmlu_pro",),
        (_EIGHT, "gemini-1.5-flash-002", _SEVENTY, _GPT4O),
        "cascade",
    ),
    Task(
        "4omini_4o",
        "ZeroEval: Llama 8B, Gemma 9B and GPT-4o mini, then GPT-4o",
        "zeroeval",
        _ZERO,
        (*_VOTES, _MINI, _FOUR_O),
        "cascade",
    ),
)


CURVE = tuple(
    Task(f"mmlu_{labels}", f"MMLU, {labels} labels", "routellm", ("mmlu",), _PAIR, "pair", "sample", labels=labels)
    for labels in (250, 500, 1000, 3000, 6000)
)
"""Between no label and all of them, for the learning curve."""
SAMPLED = (*(task for task in TASKS if task.learn == "sample"), *CURVE)
"""Those with so many labels."""


NEW = (
    Task(
        "routellm_unseen",
        "Benchmarks never seen: Mixtral, GPT-4",
        "routellm",
        ("mmlu", "gsm8k"),
        _PAIR,
        "pair",
        "unseen",
        held_out_only=True,
    ),
    Task(
        "zeroeval_unseen",
        "Benchmarks never seen: Llama 8B, Gemma 9B and GPT-4o mini, then GPT-4o",
        "zeroeval",
        _ZERO,
        (*_VOTES, _MINI, _FOUR_O),
        "cascade",
        "unseen",
        held_out_only=True,
    ),
)
"""What a held-out folder may have beside: benchmarks of these sources that the other folder lacks."""


def of_mmlu(item: Item) -> bool:
    """Whether it is a question of MMLU, or was made from one."""
    return item.benchmark in ("mmlu", "llmrouter_mmlu") or item.origin.startswith("ori_mmlu")


def kept(task: Task, part: int | str) -> Callable[[Item], bool]:
    """What may be learnt from when this part (a fold, or a benchmark) is the test; -1 for none of them."""
    if task.learn == "transfer":
        return lambda item: not of_mmlu(item)
    return lambda item: part not in (item.benchmark, item.fold)
