"""`kyozon feedback`: how good an answer was, said and read."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import click

from kyozon.cli.calling import call
from kyozon.cli.options import Target, installation, of_decisions
from kyozon.cli.output import out, plain, print_json, print_table
from kyozon.cli.speech import say
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.feedback import Feedback, Noted, Source
from kyozon.domain.language import Text

_GOOD, _BAD = 1.0, 0.0
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@click.group(help=say("How good answers were: give, list.", "応答の評価の記録と一覧。"))
def feedback() -> None:
    """The group."""


@feedback.command(
    help=say(
        "Say how good the answer of decision ID was; KYOZON_API_KEY says who you are.",
        "決定記録 ID の応答を評価します。評価者は KYOZON_API_KEY のキーで決まります。",
    )
)
@click.argument("decision_id", metavar="ID")
@click.option("--good", "rating", flag_value="good", help=say("It was good.", "良い応答。"))
@click.option("--bad", "rating", flag_value="bad", help=say("It was not.", "良くない応答。"))
@click.option(
    "--score",
    type=click.FloatRange(_BAD, _GOOD),
    help=say("From 0, useless, to 1, as good as could be.", "0（役に立たない）から 1（申し分ない）まで。"),
)
@click.option(
    "--comment",
    help=say("Why; kept encrypted, under the label of the decision.", "理由。決定記録のラベルで暗号化して保存します。"),
)
@installation
def give(target: Target, decision_id: str, rating: str | None, score: float | None, comment: str | None) -> None:
    """Judge an answer."""
    if (rating is None) == (score is None):
        raise InvalidRequest(
            Text("use one of --good, --bad and --score.", "--good・--bad・--score のいずれか一つを指定してください。"),
            "--score",
        )
    judgement = {"rating": rating} if rating is not None else {"score": score}
    found = call(target, "POST", "/kyozon/v1/feedback", {"decision_id": decision_id, **judgement, "comment": comment})
    if target.as_json:
        print_json(found)
    else:
        told = f"{found['score']:g}"
        out.print(say(f"Thank you: {decision_id} got {told}.", f"{decision_id} の評価 {told} を記録しました。"))


@feedback.command(
    "list", help=say("What was said of answers, and seen, newest first.", "評価の一覧（推定を含む、新しい順）。")
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=say("How many.", "件数。"))
@click.option(
    "--below",
    type=click.FloatRange(_BAD, _GOOD),
    help=say("Only scores below this, such as 0.5.", "評点がこの値未満の評価だけ（例：0.5）。"),
)
@of_decisions
@installation
def list_(target: Target, limit: int, below: float | None, since: datetime, tenant: str | None) -> None:
    """One line for each; the words are shown with their decision."""
    found = asyncio.run(_read(target, since, tenant, limit, below))
    if target.as_json:
        print_json({"data": [{**plain(one.feedback), "model": one.model, "commented": one.commented} for one in found]})
        return
    if not found:
        out.print(say("Nothing has been said of answers in this time.", "この期間の評価はありません。"))
        return
    columns = [say("at (UTC)", "日時（UTC）"), say("decision", "決定"), say("model", "モデル"), say("score", "評点")]
    columns += [say("how", "種類"), say("comment", "コメント"), say("by", "評価者")]
    print_table(columns, [_row(one) for one in found], right=(3,))
    out.print(
        say("kyozon explain ID shows one with its words.", "kyozon explain ID で、コメントを含む詳細を表示できます。")
    )


def print_feedback(found: Sequence[Feedback]) -> None:
    """What was said of one answer, in a table of its own."""
    if not found:
        return
    rows = [[_moment(one), f"{one.score:.3g}", _how(one.source), _who(one), _plain(one.comment or "")] for one in found]
    columns = [say("judged (UTC)", "評価日時（UTC）"), say("score", "評点"), say("how", "種類"), say("by", "評価者")]
    out.print()
    print_table([*columns, say("comment", "コメント")], rows, right=(1,))


def _row(noted: Noted) -> list[str]:
    one, words = noted.feedback, say("yes", "あり") if noted.commented else ""
    said = [f"{one.score:.3g}", _how(one.source), words, _who(one)]
    return [_moment(one), one.decision_id, _plain(noted.model or "-"), *said]


def _how(source: Source) -> str:
    told: dict[Source, str] = {
        "person": say("a person", "人による評価"),
        "program": say("a program", "プログラムによる評価"),
        "retry": say("seen: asked again", "推定：同じ質問の繰り返し"),
        "edit": say("seen: asked in other words", "推定：質問の言い換え"),
        "escalation": say("seen: asked of a better model", "推定：より上位のモデルへの質問"),
    }
    return told[source]


def _moment(one: Feedback) -> str:
    return f"{one.at:%Y-%m-%d %H:%M:%S}"


def _who(one: Feedback) -> str:
    return _plain(one.user)


def _plain(text: str) -> str:
    """What a caller wrote, without what a terminal would obey."""
    return _CONTROLS.sub("\ufffd", text).replace("[", r"\[")


async def _read(target: Target, since: datetime, tenant: str | None, limit: int, below: float | None) -> tuple[Noted, ...]:
    async with target.store() as store:
        return await store.feedback.newest(since, tenant, limit, below)


commands = [feedback]
