"""`kyozon route probe`: a handful of questions put to a model through the running server, graded, and the model joins."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kyozon.bootstrap.world import WORLD
from kyozon.cli.calling import call
from kyozon.cli.estimates import option_base, writable, writes
from kyozon.cli.options import Target, installation
from kyozon.cli.output import err
from kyozon.cli.route import route
from kyozon.cli.route_join import Right, begun, told
from kyozon.cli.speech import say
from kyozon.domain.errors import CallerError, KyozonError, WorldFailure
from kyozon.domain.language import Text
from kyozon.domain.models import ModelCard

if TYPE_CHECKING:
    from kyozon.evaluation.grading import Probe
    from kyozon.routing.estimating.joining import Result
    from kyozon.routing.estimating.quality_model import QualityModel

_PATIENCE = 600
_LONGEST = 2048
_USUAL = 256
"""Tokens of an answer where nothing says how long it will be."""
_GUESSED = 0.1


@route.command(
    help=say(
        "Ask MODEL a handful of public questions that a program can grade, through the running server; then it joins.",
        "起動中のサーバー経由で MODEL に自動採点できる公開の質問を出し、その結果を品質予測に反映します。",
    )
)
@click.argument("model")
@click.option("--yes", is_flag=True, help=say("Do not ask whether it may cost that.", "費用の確認を省きます。"))
@writes
@option_base
@installation
def probe(target: Target, model: str, yes: bool, path: Path, force: bool, base: Path | None) -> None:  # noqa: FBT001 - click's
    """It costs what it costs, and stands in the ledger; the questions hold nobody's data and are labelled public."""
    from kyozon.evaluation.probes import PROBES

    writable(path, force=force)
    card, before = begun(target, model, base)
    question = say(
        f"{len(PROBES)} questions to {card.address} will cost {_cost(card, before, PROBES)}. Ask them?",
        f"{card.address} に {len(PROBES)} 問を出します（費用の見込み：{_cost(card, before, PROBES)}）。実行しますか。",
    )
    if not yes:
        click.confirm(question, abort=True, err=True)
    results = _answered(target, card, PROBES)
    told(target, card, results, (before, path), _right(results))
    _doubt(card, results)


def _answered(target: Target, card: ModelCard, probes: "Sequence[Probe]") -> "list[Result]":
    """All of them, one after the other. Raises `CallerError` or `WorldFailure`, as the first that is not answered does."""
    results: list[Result] = []
    with err.status("") as progress:
        for number, each in enumerate(probes, 1):
            progress.update(f"{number}/{len(probes)}")
            try:
                results.append(_asked(target, card, each))
            except (KyozonError, OSError) as error:
                raise _broken_off(error, number, len(probes)) from error
    return results


def _broken_off(error: KyozonError | OSError, number: int, questions: int) -> KyozonError:
    """Some are paid for, and nothing has come of it: a few of the easiest questions would say too much good of a model."""
    why = error.text if isinstance(error, KyozonError) else Text(str(error), str(error))
    paid = number > 1
    en = f" The answers before it ({number - 1}) are charged all the same (kyozon usage)." if paid else ""
    ja = f"それまでの {number - 1} 問の費用は発生しています（kyozon usage で確認できます）。" if paid else ""
    kind = CallerError if isinstance(error, CallerError) else WorldFailure
    return kind(
        Text(
            f"question {number} of {questions} was not answered, so nothing was written.{en} Probe again once the cause is "
            f"mended: {why.en}",
            f"{questions} 問中 {number} 問目で失敗したため、何も書き出していません。{ja}"
            f"原因を解消してから、もう一度実行してください：{why.ja}",
        )
    )


def _right(results: "Sequence[Result]") -> list[Right]:
    from kyozon.evaluation.probes import KINDS

    scores = {result.prompt: int(result.score) for result in results}
    return [Right(kind, sum(scores[each.text] for each in probes), len(probes)) for kind, probes in KINDS.items()]


def _doubt(card: ModelCard, results: "Sequence[Result]") -> None:
    """Guessing gets a few of the choices right: where no more are, something else than the model may be wrong."""
    right = sum(int(result.score) for result in results)
    if right > _GUESSED * len(results):
        return
    look = f'kyozon ask --model {card.provider}/{card.upstream} "What is 23 times 47?"'
    err.print(
        say(
            f"[yellow]![/] Only {right} of {len(results)} are right. Is it the right model behind that name, and does it "
            f"answer at all? Look before you try this file: {look}",
            f"[yellow]![/] {len(results)} 問中 {right} 問しか正解していません。"
            f"適用する前に、モデルの指定と実際の応答を確認してください：{look}",
        )
    )


def _asked(target: Target, card: ModelCard, probe: "Probe") -> "Result":
    """One question, as any caller would ask it; the answer cache is passed by."""
    from kyozon.evaluation.grading import grade
    from kyozon.routing.estimating.joining import Result

    body = {
        "model": f"{card.provider}/{card.upstream}",
        "messages": [{"role": "user", "content": probe.text}],
        "max_tokens": _LONGEST,
        "metadata": {"kyozon.label": "public", "kyozon.cache": "off"},
    }
    answer: Any = call(target, "POST", "/v1/chat/completions", body, _PATIENCE)
    words = answer["choices"][0]["message"].get("content") or ""
    tokens = (answer.get("usage") or {}).get("completion_tokens")
    return Result(probe.text, grade(probe, words), tokens)


def _cost(card: ModelCard, model: "QualityModel", probes: "Sequence[Probe]") -> str:
    """What all of them are expected to cost, in words."""
    from kyozon.metering.estimate import text_tokens
    from kyozon.metering.pricing import charge_at_most, price_at

    total, currency = Decimal(0), ""
    for each in probes:
        tokens = text_tokens(each.text)
        price = price_at(card.prices, WORLD.now().date(), tokens)
        expected = model.estimate(model.look(each.text), card).output_tokens or _USUAL
        cost = charge_at_most(tokens, min(expected, _LONGEST), price)
        if price is None or cost is None:
            return say("an unknown sum (its card has no price)", "不明、カードに価格なし")
        total, currency = total + cost, price.currency
    return say(f"about {total:.4f} {currency}", f"約 {total:.4f} {currency}")
