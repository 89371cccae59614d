"""What mattered for an estimate or a verdict, in the words of who reads it."""

from collections.abc import Iterable, Mapping
from typing import Final

from kyozon.cli.domains import domain_said
from kyozon.cli.speech import say
from kyozon.domain.quality import DOMAIN

JA: Final[Mapping[str, str]] = {
    "difficulty": "難易度",
    "ability": "能力",
    "wording": "言い回し",
    "how it ends": "終わり方",
    "length": "長さ",
    "final answer": "最終解答",
    "calculations shown": "計算の過程",
    "wrong calculations": "計算の誤り",
    "use of the numbers given": "与えられた数値の使用",
    "recomputed result": "再計算との一致",
    "agreement with the second opinion": "セカンドオピニオンとの一致",
    "expected of the prompt": "質問からの予測",
    "log-probabilities": "対数確率",
    "choice of an option": "選択肢の選び方",
    "code": "コード",
    "says nothing": "内容なし",
    "stopped by its limit": "上限で打ち切り",
    "not the form asked for": "指定の形式でない",
}
"""Names as records have them; those of earlier versions stand as they are."""


def mattered(reasons: Iterable[tuple[str, float]]) -> str:
    """Each with what it adds to the log-odds, if it is a matter of degree."""
    return ", ".join(f"{_name(name)} {effect:+.2f}" if round(effect, 2) else _name(name) for name, effect in reasons)


def _name(name: str) -> str:
    if name in JA:
        return say(name, JA[name])
    if name.startswith(DOMAIN):
        told = domain_said(name.removeprefix(DOMAIN))
        return say(f"domain {told}", f"分野 {told}")
    return name
