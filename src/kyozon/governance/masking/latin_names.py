"""Names of persons in Latin letters: English ones, others of the West and Asia, and Japanese ones as they are romanised."""

import re
from collections.abc import Iterator

from msgspec import Struct

from kyozon.governance.masking.contexts import labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.latin_contexts import (
    ACTING,
    ADDRESSED,
    BESIDE,
    FIRM_LABEL,
    LABEL,
    LINKED,
    MENTIONED,
    PERSON_BEHIND,
    RELATED,
    SIGNED,
    SUFFIXED,
    SURE_LABEL,
    THANKED,
    THING_LABEL,
    TITLED,
    TITLED_IF_KNOWN,
    WORD,
)
from kyozon.governance.masking.readings import ROMAN_GIVEN, ROMAN_SURNAMES
from kyozon.governance.masking.spans import Find
from kyozon.governance.masking.western import ASIAN_SURNAMES, ENGLISH_GIVEN, ENGLISH_SURNAMES, WORDS_TOO

_PAIR = re.compile(
    rf"(?<![A-Za-z0-9_@.-])(?<![ -~]/)(?P<first>{WORD})(?P<gap>,? )(?P<middle>(?:[A-Z]\.? ){{1,2}})?(?P<link>{LINKED})"
    rf"(?P<last>{WORD})(?P<more> (?:{WORD}))?(?![A-Za-z0-9_@]|[.-][A-Za-z])"
)
_NAME = re.compile(rf"(?:{WORD})(?: (?:[A-Z]\. )?{LINKED}(?:{WORD})){{1,3}}|{WORD}")
_ALONE = re.compile(r"(?<![A-Za-z@.-])[A-Z][a-zà-ÿ]{2,}(?![A-Za-z@])")
_INITIAL = re.compile(rf"(?<![A-Za-z.])(?:[A-Z]\. ?){{1,2}}(?P<name>{WORD})(?![A-Za-z])")
_SMALL = re.compile(
    r"(?<![A-Za-z0-9_@./-])(?=(?P<name>(?P<first>[a-z]{3,}) (?P<last>[a-z]{2,})(?![A-Za-z0-9_@]|[./-][A-Za-z])))"
)
_TOLD = re.compile(r"\b(?:name(?: is)?|i am|i'm|this is|told|ask|asked|call|with|from)[: ]+\Z")
_CAPITAL_BEFORE = re.compile(r"(?:[A-Z][a-z]+|&) \Z")
# What makes of a name something else: a company, a street, a school, a prize, an event.
THING_BEHIND = re.compile(
    r"(?:,? ?(?:Inc|Ltd|LLC|LLP|Corp|Co|PLC|GmbH|AG|SA)\b| (?:& |and )(?:Co|Sons|Partners|Associates)\b|"
    r" (?:fund|shares|stock|perfume|fellowship|scholarship|tickets?|album|concert|movie|carrier|vaccine|shirts?|jeans|wing|"
    r"expedition|pavilion|exhibition)\b|'s (?:Hospital|School|Law|Theorem)| (?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|"
    r"Boulevard|Blvd|Court|Square|Airport|University|College|School|Institute|Hospital|Foundation|Center|"
    r"Centre|Museum|Library|Park|Bridge|Tower|Hotel|Stadium|Station|Prize|Award|Cup|Medal|"
    r"Company|Corporation|Group|Bank|Motors?|Electric|Industries|Systems|Technologies|Holdings|Partners|"
    r"Associates|Law|Theorem|Effect|Model|Test|Method|Island|Beach|Bay|Lake|River|Mountain|"
    r"County|City|Valley|Fashion|Week|Conference|Series|Festival|Show|Report|Index|Cathedral|Church|"
    r"Prefecture|Castle|Shrine|Temple)\b)"
)
_NO_SURNAME = frozenset(
    """
    sea ocean dob mrn ssn sex age jan feb mar apr jul aug sep sept oct nov dec
    account accounts action address agency agent airport all alert am analyst and api app april are area army art as
    assistant associates at audit august avenue award bank bay beach best birth black blue board book boot boulevard box
    brand bridge budget build building bus business by call camp card case castle cathedral cell center central centre
    chapter chief church circus city class clear client clinic club code college color colour committee community company
    compose conference config contact contract corp corporation council county course court cup customer daily dashboard
    data date day days dear december deck demo department dept design desk developer development device director display
    district division doctor document dollar draft drive driver east edition effect electric email employee energy
    engineer engineering enterprise error event everybody everyone example exchange exhibition express falls fashion
    february fest festival field file film finance first flag floor folks food foundation framework free friday friend
    friends from fund game games garden gate general global going government group guest guide guys hall hardware hat
    have head health hello help hi hill hills history holdings home hospital hotel hour hours house human id in inc index
    industries inn institute insurance international interview invoice island issue january journal july june justice
    kit lab lake lane language last law lead league learning letter level library license line link list live llc local
    login london ltd machine magazine mail main mall manager map march market marketing master may meal medal media
    meeting member members memorial method metro mile milk mobile mode model monday month morning motor motors mountain
    movie mr mrs ms museum music name national network new news next night no north not note notice november number
    october of office officer on online open operations order orders oregon our page palace park part partners party
    passport password payment period phone pipeline plan plant play please post power prefecture pepper premium president
    press price prime prize pro process product products prof program project public purchase quality question railway range
    rate record red regards region release report request research reserve review right ring river road role room route
    sales saturday scale school science season second section security senior september series server service services
    set shop shopping show shrine sir site sky society software solutions source south space special specialist spring
    square stadium standard star start state states station statement status stock store street studio study summer
    sunday support system systems tax team tech technologies technology temple term terms test texas thanks that the
    theatre theater theorem there these this those thursday ticket tickets time times to today tour tower town trade
    trail train training transport trust tuesday tunnel tv unit united university update us user users valley version
    video view village vs was wave way web website wednesday week weekly welcome were west wheel wide will wind window
    winter wireless with work works world year years yes you zone zoo actually also because before but does for has here
    how if it just like maybe once only or since so some such than then though thus under until when where which while
    who why would should could must can now again after another each every madam madame engine airlines airways
    records pictures studios brothers sons university stores foods motorsport fans jeans perfume
    """.split()  # noqa: SIM905 - a column of strings reads worse
) - {"may", "june", "april", "august"}
_NEVER_EXCUSED = frozenset("park lake bay church bridge house street".split())  # noqa: SIM905
_EXCUSED = (_NO_SURNAME & ENGLISH_SURNAMES) - _NEVER_EXCUSED
_MONTHS = frozenset("january february march april may june july august september october november december".split())  # noqa: SIM905
_KNOWN = ENGLISH_GIVEN | ENGLISH_SURNAMES | ASIAN_SURNAMES | ROMAN_GIVEN | ROMAN_SURNAMES
_FIRMS = frozenset(
    """
    john_deere charles_schwab morgan_stanley jack_daniels johnnie_walker mary_kay calvin_klein ralph_lauren michael_kors
    tommy_hilfiger paul_smith marc_jacobs jean_paul harley_davidson louis_vuitton jimmy_choo mercedes_benz dolce_gabbana
    wells_fargo carnegie_mellon johns_hopkins harry_potter sherlock_holmes mary_poppins santa_claus mickey_mouse
    donald_duck peter_pan alan_turing dow_jones arthur_andersen edward_jones raymond_james vera_bradley kate_spade
    kelly_blue george_washington eddie_bauer jenny_craig sara_lee betty_crocker philip_morris eli_lilly levi_strauss
    elizabeth_arden dr_pepper albert_hall annie_hall
    """.split()  # noqa: SIM905 - as above
)
_BRANDS = frozenset(
    """
    toyota honda suzuki nissan mazda kawasaki yamaha mitsubishi mitsui sumitomo subaru hitachi toshiba tokyo osaka kyoto
    nagoya kobe yokohama sapporo fukuoka hiroshima sendai nara okinawa hokkaido kyushu kanto kansai shinjuku shibuya
    shinagawa ueno asakusa ginza ikebukuro akihabara roppongi nintendo panasonic canon nikon fujitsu ninja sushi ramen
    sake matcha manga anime judo karate kimono samurai sakura tempura tofu miso
    """.split()  # noqa: SIM905 - as above
)
_NAMES = _KNOWN - _BRANDS
_NO_NAMES = _BRANDS | _MONTHS
_BRANDS_AND_WORDS = _BRANDS | WORDS_TOO
_VIETNAMESE = frozenset("nguyen tran pham hoang huynh dang bui phan vo vu duong".split())  # noqa: SIM905 - as above
_GIVEN_ALONE = (ENGLISH_GIVEN | ROMAN_GIVEN) - WORDS_TOO - _BRANDS
_WORDLIKE_SURNAMES = frozenset("song sun do le du ye su pan tang ding ma lim park lin he han an so long no".split())  # noqa: SIM905
_SYLLABLES = re.compile(
    r"(?:(?:[kgsztdnhbpmrjfwy]|ky|gy|sh|j|ch|ts|ny|hy|by|py|my|ry|tt|kk|pp|ss)?[aeiou]{1,2}|n(?![aeiou]))+h?", re.IGNORECASE
)


_PINYIN = re.compile(
    r"(?:(?:[bpmfdtnlgkhjqxzcsrwy]|zh|ch|sh)?(?:iang|uang|iong|iao|ian|uan|uai|ang|eng|ing|ong|ai|ei|ao|ou|iu|ia|ie|"
    r"ua|uo|ui|"
    r"ue|an|en|in|un|a|o|e|i|u)){1,2}",
    re.IGNORECASE,
)
_HYPHENATED = re.compile(r"[A-Z][a-z]+-[a-z]{2,}")
_LONGEST_LABEL = 48
_WORD_BEFORE = re.compile(
    r"(?<![A-Za-z])(?P<word>[a-z']+|Call|Ask|Tell|Thank|Email|Text|Is|Did|Does|Has|Was|Can|Could|When|If|Invite|"
    r"Remind),? \Z"
)
_TO_THINGS = frozenset(
    "the a an in at of on near via using use uses or into through like called version over around across within".split()  # noqa: SIM905
)
_ASKED = re.compile(r"[A-Za-z/]{2,}: \Z")
_CELL_ENDS = re.compile(r"\s*(?:$|[\n,;()|])")


class _Possible(Struct, frozen=True):
    """Two or three words that may be a name, and whether they are one by themselves."""

    start: int
    end: int
    sure: bool
    known: bool


def find(view: View) -> Iterator[Find]:
    """Two words of which one is a name and the other may be one; a single one where it is addressed, signed or labelled."""
    text = view.text
    pairs = list(_pairs(text))
    for start, end in (*pairs, *_addressed(text), *_single(text), *_acting(view, pairs), *_small(text)):
        yield Find(start, end, "PERSON")
    for found in _NAME.finditer(view.text):
        if (_may_be_labelled(view.text, found) and labelled(view, found.start(), LABEL)) or (
            " " not in found[0] and found[0].lower() not in _NO_SURNAME and labelled(view, found.start(), SURE_LABEL)
        ):
            yield Find(found.start(), found.end(), "PERSON")


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Those that are sure, and those that are named together with them."""
    possible = list(_possible(text))
    sure = [one.sure for one in possible]
    for place in [*range(1, len(possible)), *range(len(possible) - 2, -1, -1)]:
        for other in (place - 1, place + 1):
            if possible[place].known and 0 <= other < len(possible) and sure[other]:
                first, second = sorted((possible[place], possible[other]), key=lambda one: one.start)
                sure[place] |= BESIDE.fullmatch(text, first.end, second.start) is not None
    for one, certain in zip(possible, sure, strict=True):
        if certain:
            yield one.start, one.end


def _possible(text: str) -> Iterator[_Possible]:
    at = 0
    while found := _PAIR.search(text, at):
        at = found.start("last")  # the second of two words may be the first of a name
        end = _end(found)
        words = {word.partition("-")[0] for word in text[found.start() : end].lower().replace(",", "").split()}
        if _thing(found, words) or THING_BEHIND.match(text, end) or found[0].lower().replace(" ", "_") in _FIRMS:
            continue
        low = max(0, found.start() - _LONGEST_LABEL)
        continued = text[end : end + 2] == " &" or _CAPITAL_BEFORE.search(text, low, found.start())
        listed = "," in found["gap"] and continued
        sure = not listed and (_pair(found) or _named(text, found.start(), end, words))
        known = bool(words & _KNOWN) and "," not in found["gap"] and not words <= _NO_NAMES
        if sure or known:
            yield _Possible(found.start(), end, sure, known)
            at = end if sure else at


def _named(text: str, start: int, end: int, words: set[str]) -> bool:
    """Whether only a person is spoken of so."""
    low = max(0, start - _LONGEST_LABEL)
    asked = words & ENGLISH_SURNAMES and _ASKED.search(text, low, start) and _CELL_ENDS.match(text, end)
    return (
        PERSON_BEHIND.match(text, end) is not None
        or RELATED.search(text, low, start) is not None
        or bool(asked and not THING_LABEL.search(text, low, start))
    )


def _thing(found: re.Match[str], words: set[str]) -> bool:
    """Whether one of the words makes something else of the others; some are families' names, too, behind a given one."""
    first, last = found["first"].lower(), found["last"].lower()
    excused = last in _EXCUSED and (first in _GIVEN_ALONE or found["middle"] is not None)
    hyphenated = first in ASIAN_SURNAMES and _HYPHENATED.fullmatch(found["last"]) is not None
    return bool(words & _NO_SURNAME - ({last} if excused else {first} if hyphenated else set()))


def _end(found: re.Match[str]) -> int:
    """Where a name ends of which two words are found: a third one belongs to it if it is a family's."""
    more = (found["more"] or "").strip().lower()
    family_first = more and found["first"].lower() in ASIAN_SURNAMES and found["last"].istitle() and more not in _NO_SURNAME
    longer = (more in ENGLISH_SURNAMES or family_first) and "," not in found["gap"]
    return found.end("more" if longer else "last")


def _addressed(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (TITLED, SUFFIXED, ADDRESSED, THANKED, SIGNED, TITLED_IF_KNOWN):
        for found in pattern.finditer(text):
            spoken = set(found["name"].lower().split())
            certain = pattern not in (THANKED, TITLED_IF_KNOWN)
            if not spoken & _NO_SURNAME and (certain or spoken & _NAMES):
                yield found.span("name")


def _single(text: str) -> Iterator[tuple[int, int]]:
    for found in _INITIAL.finditer(text):
        if found["name"].lower() in _KNOWN and not THING_BEHIND.match(text, found.end()):
            yield found.span()
    for found in MENTIONED.finditer(text):
        part = found.lastgroup or "name"
        if found[part].lower() in (_GIVEN_ALONE if part == "speaker" else ENGLISH_GIVEN | _GIVEN_ALONE):
            yield found.span(part)


def _acting(view: View, pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Given names alone where a person acts, and those that are named together with them."""
    text = view.text
    alone = [found.span() for found in _ALONE.finditer(text) if found[0].lower() in _GIVEN_ALONE]
    covered = {at for start, end in pairs for at in range(start, end)}
    places = sorted({*pairs, *(one for one in alone if one[0] not in covered)})
    acting = {found.span(found.lastgroup or 0) for found in ACTING.finditer(text) if _acts(text, found)}
    sure = [
        place in acting or place in pairs or (_ends(text, place[1]) and labelled(view, place[0], LABEL)) for place in places
    ]
    for at in [*range(1, len(places)), *range(len(places) - 2, -1, -1)]:
        for other in (at - 1, at + 1):
            if 0 <= other < len(places) and sure[other]:
                first, second = sorted((places[at], places[other]))
                sure[at] |= BESIDE.fullmatch(text, first[1], second[0]) is not None
    yield from (place for place, certain in zip(places, sure, strict=True) if certain)


def _ends(text: str, end: int) -> bool:
    """Whether no other name follows, of a thing perhaps."""
    return not (text[end : end + 1] == " " and text[end + 1 : end + 2].isupper())


def _acts(text: str, found: re.Match[str]) -> bool:
    """Whether a single word is not the end of something's name and, if nothing is said that it does, no place or tool."""
    part = found.lastgroup or "name"
    low = max(0, found.start(part) - _LONGEST_LABEL)
    if part != "name":
        return _CAPITAL_BEFORE.search(text, low, found.start(part)) is None
    word = _WORD_BEFORE.search(text, low, found.start(part))
    return word is not None and word["word"] not in _TO_THINGS


def _small(text: str) -> Iterator[tuple[int, int]]:
    """Names that somebody wrote without capitals."""
    for found in _SMALL.finditer(text):
        first, last = found["first"], found["last"]
        told = _TOLD.search(text, max(0, found.start() - _LONGEST_LABEL), found.start()) is not None
        english = (
            (first in _GIVEN_ALONE or (told and first in ENGLISH_GIVEN))
            and last in ENGLISH_SURNAMES
            and last not in _NO_SURNAME
        )
        if english or (first in ROMAN_GIVEN and last in ROMAN_SURNAMES and {first, last} <= _NAMES):
            yield found.span("name")


def _may_be_labelled(text: str, found: re.Match[str]) -> bool:
    """Whether words are known as a name, or stand where a form asks for one and for nothing else."""
    words = set(found[0].lower().replace(",", "").split())
    firm = len(words) > 1 and FIRM_LABEL.search(text, max(0, found.start() - _LONGEST_LABEL), found.start()) is not None
    known = words & _NAMES
    return (firm or bool(known if len(words) > 1 else known - WORDS_TOO)) and not words & (_NO_SURNAME | _MONTHS)


def _pair(found: re.Match[str]) -> bool:
    """Whether two words, in either order, are a name and another."""
    first, last = found["first"].lower().partition("-")[0], found["last"].lower().replace("’", "'").replace("'", "")
    if "," in found["gap"]:
        japanese = first in ROMAN_SURNAMES and last in ROMAN_GIVEN
        return japanese or (first in ENGLISH_SURNAMES | ASIAN_SURNAMES and last in _GIVEN_ALONE)
    if first in ENGLISH_GIVEN and first not in WORDS_TOO:
        return found["first"].isupper() or not found["last"].isupper() or last in ENGLISH_SURNAMES
    shouted = last in ENGLISH_GIVEN and first in ENGLISH_SURNAMES and found["first"].isupper()
    english = first in ENGLISH_GIVEN and (last in ENGLISH_SURNAMES | ASIAN_SURNAMES or found["middle"] is not None)
    return shouted or english or _asian(found, first, last) or _romanised(first, last)


def _asian(found: re.Match[str], first: str, last: str) -> bool:
    """Whether a family's name of China, Korea or Vietnam stands before or behind syllables of these languages."""
    if first in ASIAN_SURNAMES:
        given, family = found["last"], first
    elif last in ASIAN_SURNAMES:
        given, family = found["first"], last
    else:
        return False
    if _HYPHENATED.fullmatch(given) or (first in _VIETNAMESE and given.istitle()):
        return True
    return family not in _WORDLIKE_SURNAMES and given.istitle() and _PINYIN.fullmatch(given) is not None


def _romanised(first: str, last: str) -> bool:
    """Whether one of two words is a Japanese name and the other is, too, or could be by its syllables."""
    japanese = ROMAN_GIVEN | ROMAN_SURNAMES
    if {first, last} <= _BRANDS_AND_WORDS:
        return False
    if (first in ROMAN_GIVEN and last in ROMAN_SURNAMES) or (first in ROMAN_SURNAMES and last in ROMAN_GIVEN):
        return True
    strange = last if first in japanese else first if last in japanese else None
    brand = bool({first, last} & _BRANDS)
    return strange is not None and not brand and _SYLLABLES.fullmatch(strange) is not None and len(strange) > 3  # noqa: PLR2004
