"""What two questions must have in common, word for word, before their similarity counts for anything.

Embeddings put "the capital of France" and "the capital of Germany" closer together than many paraphrases: no threshold
tells them apart (`docs/benchmarks/semantic-cache.md` has the figures). So the words that carry the meaning must be the same
in the same order. Only words known to say nothing here are passed over; every other one counts, which errs towards a new
answer.

What says nothing in a question says something in a text to be translated, corrected or run. So only the first sentence is
read this way, and only if it asks for something; what follows it, and what is quoted, must agree to the letter.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_QUESTION = 500
"""Characters. One vector stands for the whole text: of a long one it no longer shows a small difference."""

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|`[^`]*`")
_CODE = re.compile(r"[=<>{}\[\]\\|;]|\w\(")
# A colon ends the first sentence, too: what is to be worked on follows it. Not that of 10:30, nor the point of node.js.
_FIRST_SENTENCE = re.compile(r".*?(?:[。!?\n]|:(?![0-9])|\.(?!\w)|$)[!?]*", re.DOTALL)
_TOKEN = re.compile(
    r"""[0-9]+(?:[.,:][0-9]+)*               # numbers
    |(?<![\w.])\.(?=[^\s.])                  # the point of .5 and .net
    |[^\W\d_ぁ-ゖァ-ヺー一-鿿々]+(?:['-][^\W\d_]+)*  # words of alphabets
    |[ァ-ヺー]+|[一-鿿々]+|[ぁ-ゖ]+           # katakana, kanji, hiragana
    |[^\s.,:;!?'"…。、！？・]                # signs such as + % $ < _
    """,
    re.VERBOSE,
)

# Not "correct" and the like, and "translate" only what is set apart: what they work on must agree to the letter.
_ORDERS = (
    "answer|calculate|compare|convert|count|define|describe|draft|explain|find|give|list|make|name|plan|recommend|say|show"
    "|suggest|summari[sz]e|tell|translate(?=[^:]*[:§])|write"
)
# "Could you explain …", "Hello, …", "… Thanks!": politeness. "What can you …" is not.
_POLITE = re.compile(
    r"^(?:(?:hi|hello|hey|good (?:morning|afternoon)|sorry to bother you|quick question)\b(?:,? but\b)?[,:!. ]*)*"
    r"(?:please )?"
    rf"(?:(?:can|could|would|will) you (?:please |kindly |be so kind as to )*(?=(?:{_ORDERS})\b))?(?:please )?"
    r"|^(?:お忙しいところ|恐れ入りますが|すみません(?:が)?|こんにちは|お疲れさまです|[、。!])+",
    re.IGNORECASE,
)
_POLITE_END = re.compile(
    r"[,.!? ]*\b(?:please|thanks|thank you)[.! ]*$|(?:よろしく|宜しく)?お願い(?:いた|致)?します[。!]*$", re.IGNORECASE
)
_OTHER_WORDING = (
    (re.compile(r"\bhow (?:(?:do|can|could) i|to)\b", re.IGNORECASE), "how"),
    (re.compile(r"\bwhat(?:'s| is| are) the (?:way|steps|procedure) (?:to|for)\b", re.IGNORECASE), "how"),
    (re.compile(r"\b(tell me|explain|describe) about\b", re.IGNORECASE), r"\1"),
    # To be shown a cover letter is not to be told what one is.
    (re.compile(r"\b(?:give|show)(?: me)?\b", re.IGNORECASE), "give"),
    (re.compile(r"(?<=て)(?:ください|下さい|(?:いただけ|もらえ|くれ)(?:ますか|ますでしょうか|ませんか|る\?))"), ""),
)
_SAYS_NOTHING = frozenset(
    re.split(" ", "a an the is are am be do does please what which what's me tell explain describe of to")
)
_ASKS = {"who": "who", "whom": "who", "how": "how", "when": "when", "where": "where", "why": "why"}

# Where a question word stands in a sentence matters in neither language, so these are taken out and compared as a set.
_ASKS_JA = {
    # Who is responsible (責任者は) is another question than what a responsible person is (責任者とは).
    "meaning": re.compile(
        r"とは(?:何|なん|どういう意味)?(?:ですか|でしょうか|なの)?(?=[?。]|$)|について(?:教えて|説明して)|を説明して"
    ),
    "how": re.compile(
        r"(?:する)?(?:には)?どう(?:すれば|したら|やって)(?:いい|よい|良い)?|どのように(?:すれば|したら|して)?(?:いい|よい|良い)?"
        r"|どう(?=[一-鿿々])|(?:する)?(?:方法|やり方)|するには"
    ),
    "who": re.compile(r"誰|だれ"),
    "when": re.compile(r"いつ"),
    "where": re.compile(r"どこ"),
    "why": re.compile(r"なぜ|どうして|何故"),
}
_REQUEST = re.compile(
    r"(?:を|は)?(?:教えて|知りたい(?:です)?|ご教示)(?:ください|下さい)?(?=[?。]|$)"
    r"|は(?:(?:なん|何)(?:ですか|でしょうか|なの)?)?(?=[?。]|$)"
)
_ORDER_JA = re.compile(r"[てで](?=[。!]|$)")
_ASKING = re.compile(
    r"\?|か[。 ]*$|^(?:what|who|whom|whose|which|how|when|where|why|is|are|was|were|do|does|did|can|could|should|would"
    rf"|will|may|must|has|have|{_ORDERS})\b",
    re.IGNORECASE,
)
# Longest first.
_GRAMMAR = (
    *("ありますか", "でしょうか", "ください", "あります", "しますか", "します", "ですか", "ますか"),
    *("ます", "なの", "です", "して", "する", "の"),
)
_SUBJECT, _OBJECT = "は", "を"


def essence(text: str) -> str | None:
    """The words that carry a question's meaning, in order, in one form; None for what is no short question in words."""
    if len(text) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    plain = _POLITE.sub("", _QUOTED.sub(" § ", text).replace("’", "'")).strip()
    first = _FIRST_SENTENCE.match(plain)
    if first is None or _CODE.search(plain):
        return None
    question, rest = _POLITE_END.sub("", first[0].strip()), plain[first.end() :].strip()
    for wording, usual in _OTHER_WORDING:
        question = wording.sub(usual, question)
    asked, left = _asked(question)
    words = []
    for word in _words(left):
        if word in _ASKS:
            asked.add(_ASKS[word])
        else:
            words.append(word)
    if not words or not (asked or _ASKING.search(question)):
        return None
    asked.discard("")
    rest = "" if _POLITE_END.fullmatch(rest) else rest
    return "\n".join([" ".join(sorted(asked)), " ".join(words), rest, *_QUOTED.findall(text)])


def _asked(question: str) -> tuple[set[str], str]:
    """What a question in Japanese asks for ("" where only that it asks is known), and the question without it."""
    asked = set()
    for name, pattern in (*_ASKS_JA.items(), ("", _REQUEST)):
        question, found = pattern.subn(" ", question)
        asked |= {name} if found else set()
    if "" not in asked and _ORDER_JA.search(question):
        asked.add("do")
    return asked, question


def _words(plain: str) -> Iterator[str]:
    # With both, the order of the words no longer says who does it to whom.
    says_nothing = () if _SUBJECT in plain and _OBJECT in plain else (_SUBJECT, _OBJECT)
    tokens = _TOKEN.findall(plain)
    for place, found in enumerate(tokens):
        word = found
        if found[0].isascii() and found[0].isalpha():
            word = _folded(found, first=place == 0)
        elif "ぁ" <= found[0] <= "ゖ" and place > 0:  # what a text begins with is no ending
            word = _without_grammar(found, (*_GRAMMAR, *says_nothing))
        acts = word == "do" and place == len(tokens) - 1  # "what does a firewall do"
        if word and (acts or word not in _SAYS_NOTHING):
            yield word


def _folded(word: str, *, first: bool) -> str:
    """Without capitals and hyphens where they say nothing."""
    # IT and US are not "it" and "us", nor is room A a room.
    if word.isupper() and word != "I" and (len(word) > 1 or not first):
        return word
    word = word.lower()
    return word if word.startswith("re-") else word.replace("-", "")  # to re-sign is not to resign


def _without_grammar(run: str, says_nothing: tuple[str, ...]) -> str:
    """What is left of a run of hiragana without the endings and particles that say nothing here."""
    left, at = "", 0
    while at < len(run):
        known = next((word for word in says_nothing if run.startswith(word, at)), None)
        left += "" if known else "に" if run[at] == "へ" else run[at]
        at += len(known) if known else 1
    return left
