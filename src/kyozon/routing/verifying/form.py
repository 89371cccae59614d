"""The form of an answer: how it ends, how long it is, whether it hedges, repeats itself or breaks off."""

import math
import re

from kyozon.routing.verifying.final import MARKS, Final

Features = dict[str, float]

_HEDGES = {
    "settles for the closest": re.compile(
        r"closest|none of the|not listed|doe?s(?: not|n't) match|not (?:one )?of the|guess", re.IGNORECASE
    ),
    "says it cannot": re.compile(
        r"cannot|can't|unable|impossible|not enough|no solution|not possible|sorry|できません|わかりません|申し訳",
        re.IGNORECASE,
    ),
    "assumes": re.compile(r"\bassum|\bif we\b|仮定", re.IGNORECASE),
    "approximates": re.compile(r"approximately|\babout\b|roughly|≈|約", re.IGNORECASE),
    "turns round": re.compile(
        r"\b(?:however|wait|actually|but|mistake|re-?check|incorrect|let's re)\b|しかし|訂正", re.IGNORECASE
    ),
}
_UNKNOWNS = re.compile(r"\b[a-z]\s*=|\blet\b")
_SENTENCES = re.compile(r"[.!?。]\s")
_WORDS = re.compile(r"[A-Za-z]{2,}")
_ENDS = tuple(".!?。)]}`>\"'」*0123456789")


def size(count: float) -> float:
    """Counts and lengths on a scale on which ten against twenty weighs as much as a hundred against two hundred."""
    return math.log1p(max(count, 0.0))


def form(prompt: str, answer: str, final: Final) -> Features:
    """Features of the words of an answer as such."""
    lines = [line for line in answer.splitlines() if line.strip()]
    found: Features = {f"ends with a {mark}": float(final.marked == mark) for mark in MARKS}
    found |= {name: size(len(pattern.findall(answer))) for name, pattern in _HEDGES.items()}
    return found | {
        "length": size(len(answer)),
        "length beside the prompt": size(len(answer)) - size(len(prompt)),
        "prompt length": size(len(prompt)),
        "lines": size(answer.count("\n")),
        "sentences": size(len(_SENTENCES.findall(answer))),
        "repeats": 1 - len(set(lines)) / max(1, len(lines)),
        "breaks off": float(not answer.rstrip().endswith(_ENDS)),
        "empty": float(not answer.strip()),
        "unknowns": size(len(_UNKNOWNS.findall(answer))),
        "final length": size(len(final.text)),
        "final words": size(len(_WORDS.findall(final.text))),
    }
