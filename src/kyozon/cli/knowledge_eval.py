"""`kyozon knowledge eval`: a collection measured with questions, and compared with a run that was kept or made now."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from kyozon.cli.knowledge import COLLECTION, knowledge, read, write
from kyozon.cli.knowledge_corpus import SETTINGS, Corpus, Setting, not_empty, setting_of
from kyozon.cli.knowledge_judge import agreement, judged
from kyozon.cli.knowledge_page import tell
from kyozon.cli.options import F, Target, installation, option_read
from kyozon.cli.progress import shown
from kyozon.cli.speech import say
from kyozon.cli.texts import text_of
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.evaluation.questions import Question, questions_of
from kyozon.services.knowledge.evaluating import Wanted, found_scores, given_scores

if TYPE_CHECKING:
    from kyozon.evaluation.corpus import Run


class Plan(Struct, frozen=True):
    """How a run is made: searched how, answered and judged by which models, if any."""

    setting: Setting
    model: str | None = None
    judge: str | None = None


def _compares(command: F) -> F:
    """`--save`, `--baseline`, `--compare`, `--against`: what is kept of a run, and what it is compared with."""
    file = click.Path(path_type=Path)
    options = [
        click.option("--save", type=file, metavar="FILE", help=say("Keep this run.", "結果をファイルに保存します。")),
        click.option(
            "--baseline",
            type=file,
            metavar="FILE",
            help=say("Compare with a run that was kept.", "保存した結果と比較します。"),
        ),
        click.option(
            "--compare",
            metavar="SETTINGS",
            help=say(
                "Compare with other settings, as in most=5,dense=0.3 or reranker=MODEL.",
                "別の設定と比較します（例：most=5,dense=0.3、reranker=モデル）。",
            ),
        ),
        click.option(
            "--against", metavar="NAME", help=say("Compare with another collection.", "別のコレクションと比較します。")
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@knowledge.command(
    "eval",
    short_help=say("Measure a collection with questions.", "質問でコレクションを測定します。"),
    help=say(
        "Search a collection for each question of FILE and measure what is found; with --answers, what is answered, too. "
        "Exit status 1 where it is surely worse than what it is compared with.",
        "--questions の質問ごとにコレクションを検索し、結果を測定します。--answers で回答も測定します。"
        "比較対象より確実に悪い場合は終了コード 1 を返します。",
    ),
)
@COLLECTION
@click.option(
    "--questions",
    "questions",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=say("JSON lines, or CSV (.csv).", "JSON Lines または CSV（.csv）。"),
)
@click.option("--most", type=click.IntRange(1, 50), default=10, show_default=True, help=say("Passages.", "結果の件数。"))
@click.option(
    "--dense",
    type=click.FloatRange(0, 1),
    help=say("Share of meaning against words in the order.", "順位付けで意味（ベクトル）が占める割合。"),
)
@click.option(
    "--reranker",
    metavar="MODEL",
    help=say("That puts what is found in order; none for no one.", "結果を並べ替えるモデル。使わない場合は none。"),
)
@click.option("--label", help=say("How sensitive the questions are.", "質問の機密度。"))
@click.option("--answers", is_flag=True, help=say("Have the questions answered, too.", "回答も生成して測定します。"))
@click.option("--model", default="auto", show_default=True, help=say("That answers.", "回答するモデル。"))
@click.option(
    "--judge",
    metavar="MODEL",
    help=say("Have this model judge the answers by what they cite.", "引用に基づく回答かをこのモデルに判定させます。"),
)
@_compares
@installation
def evaluate(target: Target, collection: str, questions: Path, **options: Any) -> None:
    """Measure, compare, tell."""
    from kyozon.evaluation.corpus import run_of

    _fits_together(options)
    model = options["model"] if options["answers"] else None
    plan = Plan(Setting(options["most"], options["dense"], options["reranker"]), model, options["judge"])
    other = msgspec.structs.replace(plan, setting=_setting(options["compare"], plan.setting))
    posed = _posed(questions)
    before = None if options["baseline"] is None else run_of(read(options["baseline"]))
    _measurable(posed, plan, before)
    corpus = not_empty(Corpus(target, collection, options["label"]))
    against = not_empty(Corpus(target, options["against"], options["label"])) if options["against"] else corpus
    wanted, theirs = corpus.wanted(posed), against.wanted(posed)
    now = _run(target, corpus, plan, wanted)
    if options["compare"] or options["against"]:
        before = _run(target, against, other, theirs)
    if options["save"] is not None:
        write(options["save"], msgspec.json.format(msgspec.json.encode(now, order="sorted"), indent=1) + b"\n")
    worse = tell(target, corpus.collection, posed, now, before)
    sys.exit(1 if worse else 0)


def _posed(path: Path) -> tuple[tuple[int, Question], ...]:
    """The questions of a file; raises `InvalidRequest` where it is none of questions."""
    text = text_of(read(path))
    if text is None:
        raise InvalidRequest(
            Text(
                f"{path} is no text in UTF-8. Save it as UTF-8; in Excel: CSV UTF-8 (comma delimited).",
                f"{path} は UTF-8 のテキストではありません。UTF-8 で保存してください"
                "（Excel では「CSV UTF-8（コンマ区切り）」）。",
            ),
            "--questions",
        )
    return questions_of(text, table=path.suffix.lower() == ".csv")


def _run(target: Target, corpus: Corpus, plan: Plan, wanted: Sequence[Wanted]) -> "Run":
    from kyozon.evaluation.corpus import Run

    made = corpus.made_with() | {"most": str(plan.setting.most), "dense": _or_auto(plan.setting.dense)}
    made |= {"reranker": plan.setting.reranker} if plan.setting.reranker else {}
    made |= {"model": plan.model} if plan.model else {}
    if plan.judge:
        made |= {"judge": plan.judge, "judge agreement": f"{agreement(corpus, plan.judge):.2f}"}
    scores: dict[str, dict[str, float]] = {}
    reranked = corpus.reranked
    with shown(as_json=target.as_json) as progress:
        task = progress.add_task(say(f"Asking {corpus.name}", f"{corpus.name} に質問中"), total=len(wanted))
        for one in wanted:
            text = one.question.question
            found = found_scores(one, corpus.found(text, plan.setting)) if one.files else {}
            if plan.model:
                given = corpus.given(text, plan.setting, plan.model)
                found |= given_scores(one, given)
                if plan.judge and given.citations:
                    found["answers.judged"] = judged(corpus, plan.judge, given)
            scores[one.question.key] = found
            progress.advance(task)
    if plan.setting.reranker or corpus.reranked > reranked:  # it may not have seen everything: that is told, too
        made["reranked"] = f"{corpus.reranked - reranked} / {sum(1 for one in wanted if one.files)}"
    return Run(made, scores)


def _or_auto(dense: float | None) -> str:
    return "auto" if dense is None else f"{dense:g}"


def _measurable(posed: tuple[tuple[int, Question], ...], plan: Plan, before: "Run | None") -> None:
    """Raises `InvalidRequest` where the run would say nothing: a check that passes then would check nothing."""
    if plan.model is None and all(one.unanswerable for _, one in posed):
        raise InvalidRequest(
            Text(
                "all questions are unanswerable, which only answers can tell: add --answers.",
                "すべて unanswerable の質問です。回答を測定するため --answers を付けてください。",
            )
        )
    if before is not None and not any(one.key in before.scores for _, one in posed):
        raise InvalidRequest(
            Text(
                "the baseline measured none of these questions: make a new one with --save.",
                "このベースラインには同じ質問がありません。--save で作り直してください。",
            ),
            "--baseline",
        )


def _fits_together(options: dict[str, Any]) -> None:
    """Raises `InvalidRequest` for options that contradict each other, before anything is asked."""
    if options["judge"] and not options["answers"]:
        raise InvalidRequest(
            Text("--judge judges answers: add --answers.", "--judge には --answers が必要です。"), "--judge"
        )
    if options["baseline"] is not None and (options["compare"] or options["against"]):
        raise InvalidRequest(
            Text(
                "compare with one thing at a time: --baseline, or --compare and --against.",
                "比較対象は --baseline か、--compare・--against のどちらかにしてください。",
            ),
            "--baseline",
        )


def _setting(text: str | None, usual: Setting) -> Setting:
    return usual if text is None else option_read(lambda said: setting_of(said, usual), text, "--compare", SETTINGS)
