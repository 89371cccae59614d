"""Questions that go on from a conversation, as questions that can be looked for on their own."""

import re
from collections.abc import Sequence

from kyozon.domain.knowledge import LONGEST_QUERY
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.retrieval.grounding import covered, grams, names, numbers
from kyozon.retrieval.prompting import language_of, words_of

_POINTS = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|he|she|his|her|there|then|same|one|ones|former|latter|other|else|"
    r"instead)\b|^(?:and|but|what about|how about|why|also|so|or|is|does|when|who|which one)\b"
    r"|それ|その|そこ|そちら|これ|この|ここ|こちら|あれ|あの|同じ|他に|ほか|上記|前述|では、|じゃあ|^では|^なお|^また|の場合は",
    re.IGNORECASE,
)
_FEW = 5
_TURNS = 2
_SAME = 0.8
_ASKED = Text(
    "Rewrite the last question of this conversation so that it can be understood on its own. Use the conversation's own "
    "words, add nothing, answer nothing. Reply with the question only.",
    "この会話の最後の質問を、単独で意味が通る質問に書き直してください。会話に出てきた言葉だけを使い、付け加えたり答えたりせず、"
    "質問文だけを出力してください。",
)


def turns(messages: Sequence[Json], role: str = "user") -> list[str]:
    """What somebody has said in a conversation, in words."""
    return [said for message in messages if message.get("role") == role and (said := words_of(message).strip())]


def goes_on(messages: Sequence[Json]) -> bool:
    """Whether the last question needs what was said before: it points there, or has few words of its own."""
    asked = turns(messages)
    if len(asked) < 2:  # noqa: PLR2004 - the first question goes on from nothing
        return False
    last = asked[-1]
    return bool(_POINTS.search(last)) or len(grams(last)) < _FEW


def queries(messages: Sequence[Json], rewritten: str = "") -> tuple[str, ...]:
    """What is looked for, the most telling first: the question as rewritten, else with those before it; then itself.

    Of long ones only the beginning and the end are looked for, where questions stand.

    Raises:
        ValueError: nobody has asked anything.
    """
    asked = turns(messages)
    if not asked:
        raise ValueError("a conversation without a question")
    if rewritten:
        return tuple(dict.fromkeys([_shortened(rewritten), _shortened(asked[-1])]))
    if not goes_on(messages):
        return (_shortened(asked[-1]),)
    return (_shortened(" ".join(asked[-1 - _TURNS :])), _shortened(asked[-1]))


def _shortened(query: str) -> str:
    half = LONGEST_QUERY // 2
    return query if len(query) <= LONGEST_QUERY else f"{query[: half - 1]}\n{query[-half:]}"


def rewriting(messages: Sequence[Json]) -> list[Json]:
    """What a model is asked for a question of its own."""
    shown = [message for message in messages if message.get("role") in ("user", "assistant")][-2 * _TURNS - 1 :]
    told = "\n".join(f"{message['role']}: {words_of(message).strip()}" for message in shown)
    return [{"role": "system", "content": _ASKED.to(language_of(told))}, {"role": "user", "content": told}]


def fits(rewritten: str, messages: Sequence[Json]) -> bool:
    """Whether a rewritten question says what was asked: the conversation's words, the last question's among them.

    A weak model answers instead, drifts or repeats; then the questions themselves are looked for.
    """
    said = "\n".join(words_of(message) for message in messages)
    last = turns(messages)[-1]
    one_line = bool(rewritten) and "\n" not in rewritten.strip() and len(rewritten) <= max(200, 4 * len(last))
    own = numbers(rewritten) <= numbers(said) and names(rewritten) <= names(said) | {word.lower() for word in said.split()}
    return one_line and own and covered(rewritten, [said]) >= _SAME and numbers(last) <= numbers(rewritten)
