"""What a run over a corpus came to, printed: each measure with its interval, and beside it the difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from kyozon.cli.options import Target
from kyozon.cli.output import out, print_json, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.language import Text
from kyozon.evaluation.questions import Question

if TYPE_CHECKING:
    from kyozon.evaluation.corpus import Run
    from kyozon.evaluation.resampling import Difference, Interval

_MISSED = 5
_VERDICTS = {
    "better": Text("better", "改善"),
    "worse": Text("worse", "悪化"),
    "unclear": Text("cannot tell", "判定できない"),
}
_MADE_WITH = {
    "collection": "コレクション",
    "files": "ファイル数",
    "embedder": "埋め込みモデル",
    "chunking": "分割（トークン/重なり）",
    "most": "件数",
    "dense": "ベクトルの割合",
    "reranker": "リランカー",
    "reranked": "再ランキングした検索",
    "model": "回答モデル",
    "judge": "判定モデル",
    "judge agreement": "判定モデルの正答率",
}
"""The Japanese of what a run was made with."""
_COLOURS = {"better": "green", "worse": "bold red", "unclear": "dim"}


def tell(
    target: Target, collection: dict[str, Any], posed: Sequence[tuple[int, Question]], now: "Run", before: "Run | None"
) -> tuple[str, ...]:
    """Print what was measured of a collection; the measures that are surely worse than before."""
    from kyozon.evaluation.corpus import compared, summary

    figures = summary(now)
    apart = {} if before is None else compared(now, before)
    worse = tuple(measure for measure, found in apart.items() if found.verdict == "worse")
    missed = [(line, one) for line, one in posed if now.scores[one.key].get("files.recall") == 0.0]
    if target.as_json:
        print_json(
            {
                "collection": collection["id"],
                "questions": len(posed),
                "made_with": dict(now.made_with),
                "measures": figures,
                "compared_with": None if before is None else dict(before.made_with),
                "differences": apart,
                "worse": list(worse),
                "missed": [{"line": line, "question": one.question} for line, one in missed],
            }
        )
        return worse
    _table(figures, apart)
    _made(now, before)
    _posed(str(collection["name"] or collection["id"]), posed, missed)
    if before is not None:
        _verdict(now, before, worse)
    return worse


def _table(figures: "dict[str, Interval]", apart: "dict[str, Difference]") -> None:
    columns = [say("measure", "指標"), say("mean", "平均"), say("95 % interval", "95 % 区間"), say("of", "件数")]
    if apart:
        columns += [say("difference", "差"), say("interval", "区間"), say("", "判定")]
    rows = []
    for measure, found in figures.items():
        row = [measure, f"{found.mean:.3f}", f"{found.low:.3f}–{found.high:.3f}", str(found.count)]
        rows.append(row + _apart(apart.get(measure)) if apart else row)
    print_table(columns, rows, right=(1, 2, 3, 4, 5) if apart else (1, 2, 3))


def _apart(found: "Difference | None") -> list[str]:
    if found is None:
        return ["-", "-", ""]
    if not found.differing:
        return [f"{found.mean:.3f}", "-", f"[dim]{say('no difference', '差なし')}[/]"]
    verdict = _VERDICTS[found.verdict].to(language())
    interval = f"{found.low:+.3f} – {found.high:+.3f}"
    return [f"{found.mean:+.3f}", interval, f"[{_COLOURS[found.verdict]}]{verdict}[/]"]


def _made(now: "Run", before: "Run | None") -> None:
    """Under what it came about; where it is compared, what is not the same."""
    parts = []
    for name, value in now.made_with.items():
        other = value if before is None else before.made_with.get(name, "-")
        told = say(name, _MADE_WITH.get(name, name))
        parts.append(f"{told} {value}" if other == value else f"{told} {other} → {value}")
    out.print(f"\n[dim]{escape(' · '.join(parts))}[/]")


def _posed(name: str, posed: Sequence[tuple[int, Question]], missed: Sequence[tuple[int, Question]]) -> None:
    synthetic = sum(bool(one.synthetic) for _, one in posed)
    if synthetic:
        en = f"{synthetic} of {len(posed)} questions are synthetic, which are easier than people's: use them to compare."
        ja = f"{len(posed)} 問のうち {synthetic} 問は自動生成で、人の質問より易しいため、比較にだけ使ってください。"
        out.print(say(en, ja))
    if missed:
        en, ja = f"No wanted file of {name} was found for:", f"{name} の正解ファイルが見つからなかった質問："
        out.print(escape(say(en, ja)))
    for line, one in missed[:_MISSED]:
        out.print(escape(say(f"  line {line}: {one.question}", f"  {line} 行目：{one.question}")))
    if len(missed) > _MISSED:
        out.print(say(f"  and {len(missed) - _MISSED} more", f"  ほか {len(missed) - _MISSED} 問"))


def _verdict(now: "Run", before: "Run", worse: tuple[str, ...]) -> None:
    both = len(now.scores.keys() & before.scores.keys())
    if left := len(now.scores) - both:
        en = f"{left} questions were not measured then, or have changed; the difference is over the other {both}."
        out.print(say(en, f"{left} 問は比較対象にないか変更されているため、差は残りの {both} 問で計算しています。"))
    if worse:
        named = ", ".join(worse)
        out.print(say(f"[bold red]✗[/] Surely worse: {named}.", f"[bold red]✗[/] 確実に悪化：{named}"))
    elif both:
        out.print(say("[green]✓[/] Nothing is surely worse.", "[green]✓[/] 確実に悪化した指標はありません。"))
