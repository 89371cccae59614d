"""What two questions must have in common, word for word, before their similarity counts for anything.

Embeddings put "the capital of France" and "the capital of Germany" closer together than many paraphrases: no threshold
tells them apart (`docs/explanation/cache.md` has the figures). So the words that carry the meaning must be the same in the
same order. Only words known to say nothing here are passed over; every other one counts, which errs towards a new answer.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST_QUESTION = 500
"""Characters. One vector stands for the whole text: of a long one it no longer shows a small difference."""

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|`[^`]*`")
_TOKEN = re.compile(
    r"""[0-9]+(?:[.,:][0-9]+)*               # numbers
    |[^\W\d_ぁ-ゖァ-ヺー一-鿿々]+(?:['-][^\W\d_]+)*  # words of alphabets
    |[ァ-ヺー]+|[一-鿿々]+|[ぁ-ゖ]+           # katakana, kanji, hiragana
    |[^\s.,:;!?'"…。、！？・]                # signs such as + % $ < _
    """,
    re.VERBOSE,
)

# "Could you explain …", "How can I …": politeness. "What can you …" is not.
_POLITE = re.compile(
    r"^(?:(?:hi|hello)[, ]+)?(?:please )?(?:can|could|would|will) you (?:please )?"
    r"(?=(?:describe|explain|give|list|show|summari[sz]e|tell|translate|write)\b)|(?<=\bhow) (?:can|could)(?= i\b)",
    re.IGNORECASE,
)
_SAYS_NOTHING = frozenset(
    re.split(" ", "a an the is are am be do does please what which what's me give show tell explain describe about of to")
)
_ASKS = {"who": "who", "whom": "who", "how": "how", "when": "when", "where": "where", "why": "why"}

# Where a question word stands in a sentence matters in neither language, so these are taken out and compared as a set.
_ASKS_JA = {
    "how": re.compile(r"(?:する)?(?:には)?どう(?:すれば|したら|やって)(?:いい|よい|良い)?|(?:する)?方法|するには"),
    "who": re.compile(r"誰|だれ"),
    "when": re.compile(r"いつ"),
    "where": re.compile(r"どこ"),
    "why": re.compile(r"なぜ|どうして|何故"),
}
_REQUEST = re.compile(
    r"(?:を|について|は)?(?:教えて|説明して|知りたい)(?:ください|下さい|ほしい|欲しい|です)*(?:。|$)"
    r"|(?:は|とは)?(?:なん|何)(?:ですか|でしょうか|なの)?(?:[?。]|$)|とはどういう意味ですか|(?:とは|は)(?=[?。]|$)"
)
# Longest first.
_GRAMMAR = (
    *("ありますか", "でしょうか", "ください", "あります", "します", "ですか", "ますか"),
    *("ます", "なの", "です", "して", "する", "は", "の", "を"),
)


def essence(text: str) -> str | None:
    """The words that carry a question's meaning, in order, in one form; None where there are none or the text is long."""
    if len(text) > LONGEST_QUESTION:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    plain = _POLITE.sub("", _QUOTED.sub(" § ", text.replace("’", "'")))
    asked = set()
    for name, pattern in _ASKS_JA.items():
        plain, found = pattern.subn(" ", plain)
        asked |= {name} if found else set()
    words = []
    for word in _words(_REQUEST.sub(" ", plain)):
        if word in _ASKS:
            asked.add(_ASKS[word])
        else:
            words.append(word)
    return "\n".join([" ".join(sorted(asked)), " ".join(words), *_QUOTED.findall(text)]) if words else None


def _words(plain: str) -> Iterator[str]:
    for place, found in enumerate(_TOKEN.findall(plain)):
        word = found
        if found[0].isascii() and found[0].isalpha():
            # IT and US are not "it" and "us", nor is room A a room.
            named = found.isupper() and found != "I" and (len(found) > 1 or place > 0)
            word = found if named else found.lower().replace("-", "")
        elif "ぁ" <= found[0] <= "ゖ" and place > 0:  # what a text begins with is no ending
            word = _without_grammar(found)
        if word and word not in _SAYS_NOTHING:
            yield word


def _without_grammar(run: str) -> str:
    """What is left of a run of hiragana without the endings and particles that say nothing here."""
    left, at = "", 0
    while at < len(run):
        known = next((word for word in _GRAMMAR if run.startswith(word, at)), None)
        left += "" if known else "に" if run[at] == "へ" else run[at]
        at += len(known) if known else 1
    return left
