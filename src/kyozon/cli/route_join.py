"""`kyozon route join`: a model becomes known by its results on prompts of one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from kyozon.cli.estimates import base_of, option_base, tell_written, writable, writes, written
from kyozon.cli.options import Target, installation
from kyozon.cli.output import print_json, print_table
from kyozon.cli.results import read_results
from kyozon.cli.route import route
from kyozon.cli.speech import aside, language, say
from kyozon.domain.errors import NotFound
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard

if TYPE_CHECKING:
    from kyozon.routing.estimating.joining import Result
    from kyozon.routing.estimating.quality_model import QualityModel

_NAMED = 20
_KINDS = {
    "sums": Text("sums", "計算"),
    "choices": Text("choices", "選択"),
    "extractions": Text("extraction", "抽出"),
    "programs": Text("what a program prints", "プログラムの出力"),
    "forms": Text("exact form", "形式の指定"),
}


class Expected(Struct, frozen=True):
    """What is expected of a model on the prompts of its results, with a 90 % interval: means over the prompts."""

    quality: float
    low: float
    high: float


class Joined(Struct, frozen=True):
    """What a model's results say, and what is expected of it on their prompts, before them and after."""

    results: int
    score: float
    before: Expected
    after: Expected


class Right(Struct, frozen=True):
    """How many questions of a kind were answered right."""

    kind: str
    right: int
    asked: int


@route.command(
    help=say(
        "Make MODEL known by its results: a few dozen prompts, each with a score from 0 to 1. Writes a new version.",
        "MODEL の品質予測に、手元の結果（プロンプトと 0〜1 の評点、数十件）を反映し、新しいバージョンを書き出します。",
    )
)
@click.argument("model")
@click.option(
    "--results",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help=say(
        "JSON Lines or CSV with prompt, score and, if known, output_tokens.",
        "prompt・score（任意で output_tokens）を持つ JSON Lines または CSV。",
    ),
)
@writes
@option_base
@installation
def join(target: Target, model: str, source: Path, path: Path, force: bool, base: Path | None) -> None:  # noqa: FBT001 - click's
    """Nothing is sent. The prompts are looked at and not kept; what it writes goes live by `kyozon route try`."""
    writable(path, force=force)
    results = read_results(source)
    card, before = begun(target, model, base)
    told(target, card, results, (before, path))


def begun(target: Target, model: str, base: Path | None) -> "tuple[ModelCard, QualityModel]":
    """The card of a model for chat, and what to begin with; raises `NotFound`, for `auto` as well."""
    _, registry = target.models()
    card = next((card for card in registry.named(model) if card.kind == "chat"), None)
    if card is None:
        known = ", ".join([card.id for card in registry.cards() if card.kind == "chat"][:_NAMED]) or "-"
        raise NotFound(
            Text(
                f"{model!r} is no single chat model. Known: {known}.",
                f"{model!r} というチャットモデルはありません。指定できるのは {known} です。",
            ),
            param="model",
        )
    return card, base_of(target, registry, base)


def told(
    target: Target,
    card: ModelCard,
    results: "Sequence[Result]",
    files: "tuple[QualityModel, Path]",
    right: Sequence[Right] = (),
) -> None:
    """Join, write and tell; `files` is what to begin with and where to write, `right` the answers right by kind."""
    from kyozon.routing.estimating.joining import joined

    before, path = files
    after = joined(before, card, results)
    written(path, after)
    found = _compared(card, results, (before, after))
    if target.as_json:
        shape: dict[str, Any] = {"model": card.id, "from": before.version, "version": after.version, "file": str(path)}
        print_json({**shape, "compared": found} | ({"right": right} if right else {}))
        return
    rows = [
        [say("model", "モデル"), card.id],
        [say("prompts", "プロンプト"), f"{found.results:,}"],
        *_right_rows(right),
        [say("mean score", "平均評点"), f"{found.score:.2f}"],
        [say("expected before", "以前の予測"), _expected(found.before)],
        [say("expected now", "今回の予測"), f"[bold]{_expected(found.after)}[/]"],
    ]
    print_table(["", ""], rows)
    tell_written(path, after)


def _right_rows(right: Sequence[Right]) -> list[list[str]]:
    return [
        [
            f"  {_KINDS[one.kind].to(language())}",
            say(f"{one.right} of {one.asked} right", f"{one.asked} 問中 {one.right} 問正解"),
        ]
        for one in right
    ]


def _compared(card: ModelCard, results: "Sequence[Result]", models: "tuple[QualityModel, QualityModel]") -> Joined:
    before, after = (_means(model, card, results) for model in models)
    return Joined(len(results), round(sum(result.score for result in results) / len(results), 4), before, after)


def _means(model: "QualityModel", card: ModelCard, results: "Sequence[Result]") -> Expected:
    found = [model.estimate(model.look(result.prompt), card) for result in results]
    sums = (sum(one.quality for one in found), sum(one.low for one in found), sum(one.high for one in found))
    return Expected(*(round(each / len(found), 4) for each in sums))


def _expected(found: Expected) -> str:
    between = say("90 % interval", "90 % 区間") + f" {found.low:.2f}–{found.high:.2f}"
    return f"{found.quality:.2f}{aside(between)}"
