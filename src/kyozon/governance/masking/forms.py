"""Names of persons where a form asks for one, and names in kana, which no dictionary cuts out of a sentence."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from kyozon.domain.masking import Morpheme
from kyozon.governance.masking.contexts import label, labelled
from kyozon.governance.masking.folding import View, hiragana
from kyozon.governance.masking.lexicon import CONTINENTAL_SURNAMES, SURNAMES
from kyozon.governance.masking.readings import GIVEN_READINGS, SURNAME_READINGS
from kyozon.governance.masking.spans import Find
from kyozon.governance.masking.surroundings import KIN, LABEL, PERSONAL, RELATED, THING_BEHIND

_KANA_NAME = (
    r"[ァ-ヴー]{2,8}(?:[ ・][ァ-ヴー]{2,8}){1,3}|[ァ-ヴー]{3,14}|[ぁ-んー]{2,8}[ ][ぁ-んー]{2,8}|"
    r"[ぁ-んー]{4,14}(?![一-龠ぁ-ん])"
)
_READING = re.compile(
    r"(?:フリガナ|ふりがな|氏名カナ|カナ(?:氏名|名)?|よみ(?:がな|かな)?|読み(?:仮名|方は)?|(?:口座)?名義(?:人|"
    r"カナ)?|依頼人(?:名)?|セイ|メイ|なまえ|kana|furigana|氏名|名前)"
    r"(?:\([^)\n]{1,6}\))?[\s\"':=はが|*「]{1,6}(?P<name>" + _KANA_NAME + ")",
    re.IGNORECASE,
)
_HEADS = frozenset(
    """
    フリガナ ふりがな カナ セイ メイ ローマ字 メール メールアドレス パスワード コード サイズ タイプ 顧客 会員 氏名 部署
    所属 役職 年齢 性別 備考 住所 電話 未定 不明 不在 匿名 同上 未記入 必須 任意 各自 全員 本人 内線 部門 件名 状況
    期限 続柄
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_PERSONS_ONLY = (
    r"氏名|お?名前|名義人?|(?:顧客|会員|社員|患者|生徒|学生|保護者|契約者|被保険者|依頼[主人])名?|受取人|宛名|荷受人|"
    r"差出人|世帯主|喪主|"
    r"申立人|相手方|原告|被告人?|債務者|債権者|売主|買主|賃借人|研究員|司会|入居者|予約者|応募者|内定者|退職者|"
    r"監査役|取締役|代表社員|行政書士|司法書士|弁護士|税理士|香典|弔電|使用者|管理人|申請人|届出人|立会人|公証人|"
    r"所有者|贈り主|奨学生|当番|日直|夜勤|宿直|児童|園児|署名|署名者|user(?:name)?|name|customer|patient|assignee|"
    r"owner|author|担当者?|責任者|作成者|登壇者|記入者|起案者|申請者|承認者"
)
_FORM = label(_PERSONS_ONLY)
_LISTED = re.compile(
    r"(?:(?![様殿氏])[一-龠々]){1,4}[ ](?![はがをにのともへで]|から|より)"
    r"(?:(?![殿様氏君]|さん|さま|くん|ちゃん)[一-龠々ぁ-んァ-ヴー]){1,5}(?=\s*(?:$|"
    r"\n|[,、\t|/(<\"';]))"
)
_ASKED = re.compile(
    r"(?<![一-龠々ァ-ヴー])(?:(?![殿様氏宅両])[一-龠々ヶ]){2,6}(?:(?:(?!さん|さま|くん|ちゃん|です|"
    r"[はがのにを])[ぁ-ん]){1,4}|[ァ-ヴー]{2,6})?"
    r"(?=\s*(?:$|\n|[ ,、。\t|/(<\"'」』;)]|さん|様|氏|です|殿|\(|の欠席))"
)
_BEFORE_HONORIFIC = re.compile(r"[一-龠々ヶ]{2,12}(?=[ ]?(?:さん|様|さま|氏|くん|ちゃん|先生|殿))")
_FAMILY_PART = re.compile(r"姓[\"']?\s*[:=]")
_PART = re.compile(
    r"(?<![一-龠])[姓名][\"']?\s*[:=]\s*[\"']?(?P<part>[一-龠々ヶ]{1,4}|[ぁ-んー]{2,6}|[ァ-ヴー]{2,8})"
    r"(?![一-龠ぁ-んァ-ヴー])"
)
_WITH_AGE = re.compile(r"(?:[一-龠々]{1,3}|[ぁ-んー]{2,5}|[ァ-ヴー]{2,6})(?=\([0-9]{1,3}(?:歳)?\))")
_OF_THE_CONTINENT = re.compile(
    rf"[{''.join(sorted(CONTINENTAL_SURNAMES))}][一-龠々]{{1,2}}(?=$|[\s、。,(・/]|さん|と|は|が|の|を|に|も)"
)
_LONGEST_COMMON = 2
"""Of the nouns that children are called by the longest have two characters."""
_DEPARTMENTS = frozenset("部課係室局店社会組班者員所")
_UNLIKE_NAMES = frozenset(("サ変可能", "形状詞可能", "副詞可能", "助数詞可能"))
_KANA_RUN = re.compile(r"[ぁ-んァ-ヴー]+")
_KANA_PAIR = re.compile(
    r"(?<![ぁ-んァ-ヴー])(?P<one>[ぁ-ん]{2,6}|[ァ-ヴー]{2,7})[ ・](?P<two>[ぁ-ん]{2,14}|[ァ-ヴー]{2,8})"
)
_IN_BRACKETS = re.compile(r"(?<=[一-龠々ぁ-ん])[ ]?\((?P<name>[ァ-ヴー]{2,8} [ァ-ヴー]{2,8}|[ぁ-ん]{2,7} [ぁ-ん]{2,7})\)")
_AFTER_KANA = re.compile(r"$|[^ぁ-んァ-ヴー]|さん|さま|ちゃん|くん|です|は|が|を|に|と|の|も|へ|から|より")
_FIRMS = frozenset(("マツモトキヨシ", "ヤマダデンキ"))
# Given names in hiragana that children and friends are called by; not the old man, the baby or the rabbit.
_CALLED = re.compile(
    r"(?<![ぁ-んァ-ヴー一-龠])(?!お[じば]|お[にね]い|お[かと]う|おまわ|おとう|あか|うさぎ|ねこ|いぬ|くま|"
    r"わん|みな|ぼっ|じょう)(?P<name>[ぁ-んー]{2,4})(?:ちゃん(?!ぽん|こ)|くん(?!れん|しょう))"
)
_ADDRESSED = re.compile(r"(?<=[ぁ-んァ-ヴー])(?:さん(?!ま|ぽ|そ)|さま|ちゃん(?!ぽん|こ)|くん(?!れん|しょう)|様|先生)")
_PARTICLES, _LONGEST_GIVEN = frozenset("のはがともにやへ"), 6
_GROUPS = frozenset("みな たく ひめ ひこ かん はす つま ふく まつ たえ おく かあ とう にい ねえ".split())  # noqa: SIM905


def find(view: View, words: Sequence[Morpheme]) -> Iterator[Find]:
    """Readings in kana, what stands where a form asks for a name, and names in kana that are known."""
    text = view.text
    for start, end in (*_readings(text), *_kana(text), *_called(view)):
        if text[start:end] not in _HEADS:
            yield Find(start, end, "PERSON")
    known = {word.start: word for word in words}
    for found in _LISTED.finditer(text):
        family = found[0].partition(" ")[0]
        first = known.get(found.start())
        listed = family in SURNAMES or (first is not None and first.tags[2:4] == ("人名", "姓"))
        if listed or labelled(view, found.start(), _FORM):
            yield Find(found.start(), found.end(), "PERSON")
    yield from (Find(start, end, "PERSON") for start, end in (*_honoured(view), *_parts(view), *_continental(view)))
    for found in _ASKED.finditer(text):
        if labelled(view, found.start(), _FORM) and _could_be_a_name(text, found, words):
            yield Find(found.start(), found.end(), "PERSON")


def _honoured(view: View) -> Iterator[tuple[int, int]]:
    """Known families' names that a dictionary cuts in the wrong place, because of what stands before them."""
    text = view.text
    for found in _BEFORE_HONORIFIC.finditer(text):
        if found[0][0] in CONTINENTAL_SURNAMES and len(found[0]) <= 3:  # noqa: PLR2004 - a character and two at most
            yield found.span()
        for start in range(max(found.start(), found.end() - 4), found.end() - 1):
            if text[start : found.end()] in SURNAMES and PERSONAL.match(text, found.end()):
                if start == found.start() or labelled(view, start, RELATED) or labelled(view, start, LABEL):
                    yield start, found.end()
                break


def _parts(view: View) -> Iterator[tuple[int, int]]:
    """The two parts of a name that a form asks for apart, and what a relative of some age is called."""
    if _FAMILY_PART.search(view.text):
        for found in _PART.finditer(view.text):
            yield found.span("part")
    for found in _WITH_AGE.finditer(view.text):
        if labelled(view, found.start(), KIN):
            yield found.span()


def _continental(view: View) -> Iterator[tuple[int, int]]:
    """Chinese and Korean names of two or three characters, where somebody is said to be named."""
    for found in _OF_THE_CONTINENT.finditer(view.text):
        if labelled(view, found.start(), RELATED):
            yield found.span()


def within(words: Sequence[Morpheme], start: int, end: int) -> Sequence[Morpheme]:
    """The words that begin from `start` on and before `end`."""
    first = bisect_left(words, start, key=lambda word: word.start)
    return words[first : bisect_left(words, end, first, key=lambda word: word.start)]


def _could_be_a_name(text: str, found: re.Match[str], words: Sequence[Morpheme]) -> bool:
    """Whether it is no word of its own, no verb, and nothing that a place or a department is called."""
    if found[0] in _HEADS or text[found.end() - 1] in _DEPARTMENTS:
        return False
    if found[0][0] in CONTINENTAL_SURNAMES and len(found[0]) <= 3:  # noqa: PLR2004 - a character and two at most
        return True
    inside = within(words, found.start(), found.end())
    if any(THING_BEHIND.match(text, place) for place in range(found.start() + 1, found.end())):
        return False
    longer = len(inside) > 1 and found.end() - inside[0].end > _LONGEST_COMMON
    if longer and any(map(_thing, inside[1:])):
        return False
    if len(inside) == 1 and inside[0].known and inside[0].tags[2:3] != ("人名",):
        return False
    return all(
        word.tags[0] == "名詞" and not _UNLIKE_NAMES & set(word.tags[2:3]) and word.tags[1:2] != ("数詞",)
        for word in inside
    )


def _thing(word: Morpheme) -> bool:
    """Whether it is a common noun of two characters or more that nobody is called by."""
    return word.known and word.end - word.start > 1 and word.tags[1:2] == ("普通名詞",) and not word.given


def _readings(text: str) -> Iterator[tuple[int, int]]:
    for found in _READING.finditer(text):
        yield found.span("name")
    for found in _IN_BRACKETS.finditer(text):
        yield found.span("name")


def _kana(text: str) -> Iterator[tuple[int, int]]:
    """A family's and a given name that are known, in either order, apart or not."""
    for found in _KANA_PAIR.finditer(text):
        for start in _starts(found):
            end = _given_end(hiragana(found["two"]), found.end("two"), hiragana(text[start : found.end("one")]))
            if end is not None:
                yield start, end
    for found in _KANA_RUN.finditer(text):
        for start in _starts(found):
            end = _joined_end(text, start, found.end())
            if end is not None:
                yield start, end


def _starts(found: re.Match[str]) -> Iterator[int]:
    """Where a name may begin in a run of kana: at once, or behind a particle."""
    yield found.start()
    if found[0][0] in "のはがともに" and len(found[0]) > 2:  # noqa: PLR2004 - something must follow
        yield found.start() + 1


def _given_end(two: str, end: int, one: str) -> int | None:
    """Where the second of two words ends that are a name: a particle may be written on to it."""
    if (one in SURNAME_READINGS and two in GIVEN_READINGS) or (one in GIVEN_READINGS and two in SURNAME_READINGS):
        return end
    for length in range(len(two) - 1, 1, -1):
        if one in SURNAME_READINGS and two[:length] in GIVEN_READINGS and _AFTER_KANA.match(two, length):
            return end - len(two) + length
    return None


def _joined_end(text: str, start: int, stop: int) -> int | None:
    """Where a name ends that begins a run of kana: of katakana it is the whole run, of hiragana particles may follow."""
    run = hiragana(text[start:stop])
    if text[start:stop] in _FIRMS or len(run) < 4:  # noqa: PLR2004 - two syllables for each of the two
        return None
    katakana = text[start] >= "ァ"
    for middle in range(min(6, len(run) - 2), 1, -1):
        if run[:middle] not in SURNAME_READINGS:
            continue
        for length in range(len(run), middle + 1, -1):
            fits = length == len(run) if katakana else _goes_on(text, start, length)
            if fits and run[middle:length] in GIVEN_READINGS:
                return start + length
    return None


def _goes_on(text: str, start: int, length: int) -> bool:
    """Whether a run of hiragana may go on so behind a name: long words, or somebody is called so."""
    return PERSONAL.match(text, start + length) is not None or (
        length > 5 and _AFTER_KANA.match(text, start + length) is not None  # noqa: PLR2004 - shorter ones are words by chance
    )


def _called(view: View) -> Iterator[tuple[int, int]]:
    """Given names in kana before ちゃん, さん and the like, or behind the word for a relative."""
    text = view.text
    for found in _CALLED.finditer(text):
        yield found.span("name")
    for found in _ADDRESSED.finditer(text):
        for start in range(max(0, found.start() - _LONGEST_GIVEN), found.start() - 1):
            name, before = text[start : found.start()], text[max(0, start - 1) : start]
            free = before in _PARTICLES or not _KANA_RUN.match(before)
            if free and hiragana(name) in GIVEN_READINGS and name not in _GROUPS:
                yield start, found.start()
                break
    for found in _KANA_RUN.finditer(text):
        for start in _starts(found):
            end = _called_end(view, start, found.end())
            if end is not None:
                yield start, end


def _called_end(view: View, start: int, stop: int) -> int | None:
    text = view.text
    for end in range(min(start + 6, stop), start + 1, -1):
        if hiragana(text[start:end]) not in GIVEN_READINGS or text[start:end] in _GROUPS:
            continue
        if _AFTER_KANA.match(text, end) is not None and labelled(view, start, KIN):
            return end
    return None
