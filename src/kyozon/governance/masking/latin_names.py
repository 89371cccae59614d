"""Names of persons in Latin letters: English ones, and Japanese ones as they are romanised."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import label, labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.lexicon import (
    ENGLISH_GIVEN,
    ENGLISH_SURNAMES,
    ROMAN_GIVEN,
    ROMAN_SURNAMES,
    WORDS_TOO,
)
from kyozon.governance.masking.spans import Find

_WORD = r"[A-Z][a-zà-ÿ]+(?:['’-][A-Z]?[a-zà-ÿ]+)?|[A-Z]{2,}(?:['-][A-Z]+)?|O'[A-Z][a-z]+|Mc[A-Z][a-z]+"
_PAIR = re.compile(
    rf"(?<![A-Za-z0-9_@./-])(?P<first>{_WORD})(?P<gap>,? )(?P<middle>[A-Z]\.? )?(?P<last>{_WORD})(?P<more> "
    rf"(?:{_WORD}))?(?![A-Za-z0-9_@]|[.-][A-Za-z])"
)
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Madam|Mx)\.? (?P<name>(?:{_WORD})(?: (?:[A-Z]\. )?(?:{_WORD}))?)"
)
_NAME = re.compile(rf"(?:{_WORD})(?:,? (?:[A-Z]\.? )?(?:{_WORD})){{1,3}}|{_WORD}")
_INITIAL = re.compile(rf"(?<![A-Za-z.])[A-Z]\. ?(?P<name>{_WORD})(?![A-Za-z])")
# A given name alone in the middle of a sentence, where it does or gets something.
_ACTING = re.compile(
    r"(?:(?<=with )|(?<=from )|(?<=to )|(?<=call )|(?<=Call )|(?<=contact )|(?<=ask )|(?<=Ask )|(?<=tell )|"
    r"(?<=Tell )|(?<=told )|"
    r"(?<=asked )|(?<=meet )|(?<=met )|(?<=cc )|(?<=@)|(?<=and ))(?P<name>[A-Z][a-z]{2,})(?! [A-Z&])(?![A-Za-z])"
    r"|(?<![A-Za-z])(?P<subject>[A-Z][a-z]{2,})(?= (?:will|said|says|asked|called|wrote|has|had|can|was|is|"
    r"sent|told|wants|needs)\b|'s )"
)
_SUFFIXED = re.compile(
    rf"(?<![A-Za-z])(?P<name>(?:{_WORD})(?: (?:{_WORD}))?)(?:-(?:san|sama|kun|chan|sensei|shi)\b|(?=さん|様|"
    rf"氏|くん|ちゃん|先生))"
)
_ADDRESSED = re.compile(
    rf"(?:^|(?<=[\n>.!?:] )|(?<=\n))(?:Dear|Hi|Hello|Hey),? (?P<name>(?:{_WORD})(?: (?:{_WORD}))?)(?=[,.!:\n]|$)"
)
_THANKED = re.compile(
    rf"(?:^|(?<=[\n>.!?:,] )|(?<=\n))(?:Thanks|Thank you|Best|Regards|Cheers|Sincerely|Yours),? "
    rf"(?P<name>(?:{_WORD})(?: (?:{_WORD}))?)(?=[,.!:\n]|$)"
)
_SIGNED = re.compile(
    rf"(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Bb]est|[Tt]hanks|[Yy]ours(?: truly)?|"
    rf"[Ss]igned),?\s*\n+\s*(?P<name>(?:{_WORD})(?: (?:[A-Z]\. )?(?:{_WORD})){{0,2}})\s*(?:\n|$)"
)
_LABEL = label(
    r"(?:full|first|last|given|family|customer|client|patient|employee|user|contact|account[ _-]?holder|"
    r"card[ _-]?holder|legal|display|billing|recipient|sender|applicant|emergency contact)?[ _-]?name|"
    r"account[ _-]?holder|card[ _-]?holder|beneficiary|recipient|customer|client|patient|employee|applicant|"
    r"attendee|contact|assignee|reporter|author|owner|manager|signed by|prepared by|"
    r"approved by|written by|my name is|name is|i am|i'm|this is|speaking with|spoke with|met with|from|"
    r"attn\.?|氏名|名前|お名前|名義人?|ローマ字|英字氏名|氏名\(英字\)|担当者?|holder|payee"
)
_FIRM_LABEL = re.compile(
    r"(?:name|holder|beneficiary|patient|employee|applicant|my name is|氏名|名前|名義人?|ローマ字)[^A-Za-z\n]{0,8}\Z",
    re.IGNORECASE,
)
# What makes of a name something else: a company, a street, a school, a prize, an event.
_THING = re.compile(
    r"(?:,? ?(?:Inc|Ltd|LLC|LLP|Corp|Co|PLC|GmbH|AG|SA)\b| (?:& |and )(?:Co|Sons|Partners|Associates|[A-Z])|"
    r"'s (?:Hospital|School|Law|Theorem)| (?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|"
    r"Boulevard|Blvd|Court|Square|Airport|University|College|School|Institute|Hospital|Foundation|Center|"
    r"Centre|Museum|Library|Park|Bridge|Tower|Hotel|Stadium|Station|Prize|Award|Cup|Medal|"
    r"Company|Corporation|Group|Bank|Motors?|Electric|Industries|Systems|Technologies|Holdings|Partners|"
    r"Associates|Law|Theorem|Effect|Model|Test|Method|Island|Beach|Bay|Lake|River|Mountain|"
    r"County|City|Valley|Fashion|Week|Conference|Series|Festival|Show|Report|Index|Cathedral|Church|"
    r"Prefecture|Castle|Shrine|Temple)\b)"
)
_NO_SURNAME = frozenset(
    """
    street avenue road drive lane boulevard court square airport university college school institute hospital
    foundation center centre museum library park bridge tower hotel stadium station prize award cup company
    corporation group bank motor motors electric industries systems holdings partners associates inc ltd llc corp co
    plc week day month year monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december street bay island beach lake river city county news times
    post the and or of in on at for with to from by is are was were has have will can this that these those not no yes
    please thanks regards best dear hello hi manager director engineer team support service sales office department
    president officer assistant analyst developer designer mr mrs ms miss dr prof professor world there all team
    everyone everybody sir madam customer user users folks guys again friend friends colleagues members subscriber
    account number card phone email mail address date birth id no password order invoice passport
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_KNOWN = ENGLISH_GIVEN | ENGLISH_SURNAMES | ROMAN_GIVEN | ROMAN_SURNAMES
_FIRMS = frozenset(
    (
        "john deere",
        "charles schwab",
        "morgan stanley",
        "jack daniels",
        "johnnie walker",
        "mary kay",
        "calvin klein",
        "ralph lauren",
        "michael kors",
        "tommy hilfiger",
        "paul smith",
        "marc jacobs",
        "jean paul",
    )
)
_FAMILY_FIRST = frozenset(("nguyen", "tran", "pham", "hoang", "zhang", "zhou", "zhao", "huang", "choi", "jung", "yoon"))
_GIVEN_ALONE = (ENGLISH_GIVEN | ROMAN_GIVEN) - WORDS_TOO
_SYLLABLES = re.compile(
    r"(?:(?:[kgsztdnhbpmrjfwy]|ky|gy|sh|j|ch|ts|ny|hy|by|py|my|ry|tt|kk|pp|ss)?[aeiou]{1,2}|n(?![aeiou]))+h?", re.IGNORECASE
)


def find(view: View) -> Iterator[Find]:
    """Two words of which one is a name and the other may be one; a single one where it is addressed, signed or labelled."""
    for places in (_pairs, _addressed, _single):
        for start, end in places(view.text):
            yield Find(start, end, "PERSON")
    for found in _NAME.finditer(view.text):
        if _may_be_labelled(view.text, found) and labelled(view, found.start(), _LABEL):
            yield Find(found.start(), found.end(), "PERSON")


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while found := _PAIR.search(text, at):
        at = found.start("last")  # the second of two words may be the first of a name
        more = (found["more"] or "").strip().lower()
        longer = more in ENGLISH_SURNAMES or (more and found["first"].lower() in _FAMILY_FIRST)
        end = found.end("more" if longer else "last")
        if not _THING.match(text, end) and found[0].lower() not in _FIRMS and _pair(found):
            yield found.start(), end
            at = end


def _addressed(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_TITLED, _SUFFIXED, _ADDRESSED, _THANKED, _SIGNED):
        for found in pattern.finditer(text):
            spoken = set(found["name"].lower().split())
            if not spoken & _NO_SURNAME and (pattern is not _THANKED or spoken & _KNOWN):
                yield found.span("name")


def _single(text: str) -> Iterator[tuple[int, int]]:
    for found in _INITIAL.finditer(text):
        if found["name"].lower() in _KNOWN and not _THING.match(text, found.end()):
            yield found.span()
    for found in _ACTING.finditer(text):
        group = "name" if found["name"] else "subject"
        if found[group].lower() in _GIVEN_ALONE:
            yield found.span(group)


def _may_be_labelled(text: str, found: re.Match[str]) -> bool:
    """Whether words are known as a name, or stand where a form asks for one and for nothing else."""
    words = set(found[0].lower().replace(",", "").split())
    firm = len(words) > 1 and _FIRM_LABEL.search(text, max(0, found.start() - 48), found.start()) is not None
    return (firm or bool(words & _KNOWN)) and not words & _NO_SURNAME


def _pair(found: re.Match[str]) -> bool:
    """Whether two words, in either order, are a name and another."""
    first, last = found["first"].lower().partition("-")[0], found["last"].lower()
    if {first, last} & _NO_SURNAME:
        return False
    japanese = {first, last} & ROMAN_GIVEN and {first, last} & ROMAN_SURNAMES
    if japanese or "," in found["gap"]:
        return bool(japanese) or (first in ENGLISH_SURNAMES and last in ENGLISH_GIVEN)
    if first in ENGLISH_GIVEN and first not in WORDS_TOO:
        return found["first"].isupper() or not found["last"].isupper() or last in ENGLISH_SURNAMES
    shouted = last in ENGLISH_GIVEN and first in ENGLISH_SURNAMES and found["first"].isupper()
    surname_first = first in _FAMILY_FIRST and found["last"].istitle()
    return shouted or surname_first or (first in ENGLISH_GIVEN and last in ENGLISH_SURNAMES) or _romanised(first, last)


def _romanised(first: str, last: str) -> bool:
    """Whether one of two words is a Japanese name and the other could be by its syllables."""
    japanese = ROMAN_GIVEN | ROMAN_SURNAMES
    strange = last if first in japanese else first if last in japanese else None
    return strange is not None and _SYLLABLES.fullmatch(strange) is not None and len(strange) > 2  # noqa: PLR2004
