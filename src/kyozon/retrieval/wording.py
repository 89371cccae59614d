"""Questions as people write them, and the words of them that are worth looking for."""

import unicodedata

from kyozon.domain.knowledge import LONGEST_QUERY
from kyozon.domain.language import Text
from kyozon.domain.requests import Json
from kyozon.retrieval.following import fits
from kyozon.retrieval.grounding import names
from kyozon.retrieval.prompting import language_of

_ASKED = Text(
    "Turn this message into a search query: what is looked for, in the message's own words, with its names, numbers and "
    "conditions. Leave out greetings, thanks, reasons and phrases that only ask. Reply with the query alone.",
    "次の文章を検索語に書き直してください。探している事柄を、文章中の言葉のまま、固有名詞・数字・条件を残して書きます。"
    "挨拶、お礼、事情の説明、「教えてください」などの依頼の言い回しは除きます。質問には答えず、検索語だけを出力してください。",
)

_PAIRS = frozenset({'""', "“”", "「」", "『』"})


def wording(query: str) -> list[Json]:
    """What a model is asked for the words of a query that are worth looking for."""
    return [{"role": "system", "content": _ASKED.to(language_of(query))}, {"role": "user", "content": query}]


def words_it(reworded: str, query: str) -> bool:
    """Whether what a model has said is worth looking for beside a query: in its own words, with every number of it.

    A weak model answers instead, drifts or repeats. So does one that leaves out a name; but only those in katakana, and
    those with a capital within a sentence, can be told from other words, and a denial may go without being missed.
    """
    kept = unicodedata.normalize("NFKC", reworded).lower()
    own = fits(reworded, [{"role": "user", "content": query}]) and all(name in kept for name in names(query))
    return own and len(reworded) <= LONGEST_QUERY


def unquoted(said: str) -> str:
    """Without the quotation marks around all of it, in which models give what they were asked for."""
    inner = said[1:-1]
    around = len(said) > 1 and said[0] + said[-1] in _PAIRS
    return inner.strip() if around and not set(inner) & {said[0], said[-1]} else said
