"""Names of persons in Japanese text: the words that a dictionary tags as names, weighed by what stands around them."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kyozon.domain.masking import Morpheme
from kyozon.governance.masking import forms
from kyozon.governance.masking.contexts import labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.lexicon import SURNAMES
from kyozon.governance.masking.readings import GIVEN_READINGS
from kyozon.governance.masking.spans import Find
from kyozon.governance.masking.surroundings import (
    ACTS,
    BESIDE,
    CHILD,
    COMPANY_BEFORE,
    HONOURED,
    INTRODUCED,
    KIN,
    LABEL,
    OFFICE,
    PARTICLE,
    PERSONAL,
    RELATED,
    THING_BEHIND,
    THING_LABEL,
)

_GROUPS = frozenset(
    """
    名 姓 皆 各位 御社 貴社 弊社 同 お客 客 奥 神 仏 王 殿 何 人 外 内 上 下 方 者 係 部 課 社 彼 他 誰 皆々 御中 王子
    王女 姫 若 旦那 嫁 孫 爺 婆 爺婆 親 子 先方 相手 業者 妻 夫 父 母 長男 次男 三男 長女 次女 三女 兄 姉 弟 妹 祖父 祖母
    息子 娘 故 続柄 本人 氏名 姓名 男 女 甲 乙 新郎 新婦 児童 園児 生徒 学生 患者 証人 原告 被告 上司 部下 同期 友人 担当
    リスト 大家 大工 神主 親方 番頭 女将 庄屋 主 長 代表 取締役 監査役 研究員 香典 弔電 喪主 司会 住所 電話 有無 備考
    合計 小計 日時 場所 件名 内容
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_ALSO_PLACES = frozenset(
    """
    清水 石川 長野 千葉 福島 山口 宮崎 松本 川崎 高松 香川 岡山 福井 秋田 山形 富山 大分 滋賀 三重 栃木 広島 福岡 長崎
    熊本 宮城 柏 成田 上野 目黒 渋谷 品川 中野 板橋 足立 荒川 豊島 大塚 神田 浅草 大宮 浦和 川口 小田原 豊田 岡崎 豊橋
    高槻 茨木 大津 高崎 前橋 桐生 日立 上田 本田 松下 三菱 三井 住友 野村 安田 森永 鹿島 大林 竹中 松山 高知 徳島 奈良
    鳥取 島根 青森 岩手 新潟 静岡 岐阜 兵庫 加古川 姫路 明石 尼崎 堺 吹田 豊中 枚方 八尾 山崎
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_KANJI = re.compile(r"[一-龠々ヶ]{1,16}")
_FOREIGN = re.compile(r"[ァ-ヴー]{1,10}(?:[・=][ァ-ヴー]{1,12}){1,4}")
_COLUMN = re.compile(r"[^\s:=,、]{1,12}[ ]?[:=]")
_BRANDS = frozenset(
    """
    ポール・スミス ダニエル・ウェリントン カール・ツァイス ハリー・ポッター シャーロック・ホームズ マイケル・コース
    トム・フォード ジャック・ダニエル クリスチャン・ディオール ルイ・ヴィトン ピーター・パン ジョージ・ジェンセン
    ラルフ・ローレン カルバン・クライン ジミー・チュウ ハーレー・ダビッドソン メルセデス・ベンツ
    """.split()  # noqa: SIM905 - as above
)
_KATAKANA_PAIR = re.compile(r"[ァ-ヴー]+[・=][ァ-ヴー・=]+")
_OF_KATAKANA = re.compile(r"の|・|[ァ-ヴ]")
"""What goes on so is a brand, a book or a building as often as somebody's."""
_MOST_GIVEN = 3
_MOST_SURNAME = 3
_MOST_NAME = 8
_MOST_KANA = 4
_LONGEST_ROLE, _LONGEST_LABEL = 6, 24
_GIVEN_KANA = re.compile(
    r"(?!から|まで|より|など|には|では|とは|への|との|での|にも)[ぁ-んァ-ヴ]{1,3}[子美江代恵枝](?![一-龠ァ-ヴ])"
)
_NO_GIVEN_KANA = frozenset(
    """
    こと もの ため とき ところ さん さま くん ちゃん たち だけ ほか ほど など まで から です ます あと うち らと
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_PETS = frozenset("ワン ニャン 赤 坊 嬢 兄 姉 爺 婆 猫 犬 熊 豚 象 鬼 虫 亀 兎 新人 後輩 店員 若".split())  # noqa: SIM905
_ALONE = re.compile(r"\s*(?:$|[\n、。,.|/()」』<;→・]|です|と|は|が|から|に(?:変更|交代))")
_CLOSED = re.compile(r"\s*(?:$|[\n、。,|)」』<;→])")
_CELL = re.compile(r"[ ]?(?:$|[\n、。,|)」』<;→]|[ ][^ ])|[ ][^ :]{1,10}[:=]")
_PRIZES = frozenset("賞杯展碑論著祭")
_SUFFIXES = frozenset("宅側達等方邸宛両他用案製的系発着付別毎向")
_LISTING = frozenset("、・,/ :→")
_THING_ENDS = re.compile("[のをでがはにもへ]")
_SPEAKS = re.compile(r"(?:\A|\n)(?:\[[0-9:/ -]{4,20}\]|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)[ ]?\Z")
_NO_NAME = frozenset(("助詞", "助動詞", "補助記号", "空白", "動詞", "接続詞"))
_CAN_BE_GIVEN = ("名詞", "副詞", "形状詞", "感動詞")
_BIG_PLACES = frozenset("日本 東京 大阪 京都 名古屋 横浜 神戸 札幌 福岡 仙台 広島 北海道 沖縄 九州 四国 関西 関東".split())  # noqa: SIM905


def find(view: View, morphemes: Sequence[Morpheme]) -> Iterator[Find]:
    """Full names wherever they stand, unless a thing is called so; others where something says that a person is meant."""
    words = [word for word in morphemes if word.end > word.start]
    possible = list(_possible(view.text, words))
    persons = [_person(view, name) for name in possible]
    _join(view.text, possible, persons)
    for name, person in zip(possible, persons, strict=True):
        if person:
            yield Find(name.start, name.end, "PERSON")
    yield from _honoured(view, words)
    yield from forms.find(view, words)


def _possible(text: str, words: Sequence[Morpheme]) -> "Iterator[_Name]":
    """Whatever may be a name, without overlaps."""
    at = 0
    while at < len(words):
        name = _name_at(text, words, at)
        if name is None:
            at += 1
            continue
        yield name
        while at < len(words) and words[at].start < name.end:
            at += 1


def _join(text: str, names: "Sequence[_Name]", persons: list[bool]) -> None:
    """Who is named together with a person is one, too: in the order of the text, and back."""
    steps = [*range(1, len(names)), *range(-2, -len(names) - 1, -1)]
    for place in steps:
        before = place > 0
        neighbour = names[place - 1] if before else names[place + 1]
        first, second = (neighbour, names[place]) if before else (names[place], neighbour)
        beside = BESIDE.fullmatch(text, first.end, second.start) is not None
        persons[place] |= beside and persons[place - 1 if before else place + 1] and _may_be_beside(text, names[place])


def _may_be_beside(text: str, name: "_Name") -> bool:
    surface = text[name.start : name.end]
    if THING_BEHIND.match(text, name.end) or surface in _GROUPS:
        return False
    if name.tagged and surface not in _ALSO_PLACES:
        return True
    listed = text[name.start - 1 : name.start] in _LISTING and _CLOSED.match(text, name.end) is not None
    paired = len(surface) > 1 and name.weak and surface not in _ALSO_PLACES
    return paired or (listed and (name.tagged or len(surface) > 1 or surface in SURNAMES))


class _Name(Struct, frozen=True):
    """What may be a name: `whole` if it has a family's and a given one, `tagged` if a dictionary calls it a family's.

    A `weak` one is a common word or a place's name here, says the dictionary, and a name elsewhere.
    """

    start: int
    end: int
    whole: bool
    tagged: bool
    weak: bool = False
    place: bool = False


def _is_name(word: Morpheme, *sorts: str) -> bool:
    return word.tags[2:3] == ("人名",) and (not sorts or word.tags[3] in sorts)


def _surname(text: str, word: Morpheme) -> bool:
    """Single characters are words more often than names, unless the dictionary says so of this one."""
    return _is_name(word, "姓") or (word.end - word.start > 1 and text[word.start : word.end] in SURNAMES)


def _name_at(text: str, words: Sequence[Morpheme], at: int) -> _Name | None:
    """The name that begins with word `at`, None where none does."""
    first = words[at]
    if first.tags[0] in _NO_NAME:
        return None
    unlisted = _unlisted_surname(text, words, at)
    if unlisted is not None:
        return unlisted
    family = _surname(text, first)
    weak = not family and not _is_name(first)
    single = first.end - first.start == 1
    maybe = first.given or (first.surname and (not single or text[first.start : first.end] in SURNAMES))
    if text[first.start : first.end] in _GROUPS or (weak and not maybe):
        return None
    gap = first.end + (text[first.end : first.end + 1] in (" ", "・", "=") and first.end > first.start)
    end = _given_end(text, words, at, gap, family=family)
    if end is None and weak and first.surname and not single:
        end = _honoured_given_end(text, words, gap)
    place = first.tags[2:3] == ("地名",)
    return _Name(first.start, first.end if end is None else end, end is not None, _is_name(first, "姓"), weak, place)


def _unlisted_surname(text: str, words: Sequence[Morpheme], at: int) -> _Name | None:
    """A few characters, a place's name mostly, that begin a run of kanji and stand before a given name."""
    start, place = words[at].start, at
    if start and _KANJI.match(text, start - 1) and not RELATED.search(text, max(0, start - _LONGEST_ROLE), start):
        return None
    while (
        place < len(words) and _KANJI.fullmatch(text[words[place].start : words[place].end]) and not _is_name(words[place])
    ):
        place += 1
    end = words[place - 1].end if place > at else start
    if place < len(words) and text[words[place].start : words[place].end] == " ":
        place += 1
    fits = start < end <= start + _MOST_SURNAME and text[start:end] not in _GROUPS and words[at].tags[0] != "動詞"
    if not fits or place >= len(words) or not _is_name(words[place], "名"):
        return None
    return _Name(start, words[place].end, whole=True, tagged=False)


def _given_end(text: str, words: Sequence[Morpheme], at: int, gap: int, *, family: bool) -> int | None:
    """Where the given name ends that begins at `gap` behind the family name; None where none follows."""
    word = next((one for one in words[at + 1 : at + 3] if one.start >= gap), None)
    if word is None or word.start != gap or _something_else(text, word, apart=gap > words[at].end):
        return None
    run = _KANJI.match(text, gap)
    if run is not None and family:
        return _kanji_given(text, words, word, run.end())
    if _is_name(word):
        joined = gap == words[at].end
        strange = joined and word.end - gap > (_MOST_KANA if family and text[gap] > "ァ" else _MOST_NAME)
        return None if strange or (joined and _is_name(word, "姓") and word.end - gap == 1) else word.end
    return _kana_given(text, word, apart=gap > words[at].end) if family else None


def _something_else(text: str, word: Morpheme, *, apart: bool) -> bool:
    """Whether a thing, an honorific, a label or another family's name follows the family name."""
    if apart and (_COLUMN.match(text, word.start) or (text[word.start - 1] == "・" and _is_name(word, "姓"))):
        return True
    behind = HONOURED.match(text, word.start) or THING_BEHIND.match(text, word.start)
    return behind is not None and not _is_name(word, "名")


def _honoured_given_end(text: str, words: Sequence[Morpheme], gap: int) -> int | None:
    """Where the characters end that stand at `gap` between what may be a family name and an honorific."""
    run = _KANJI.match(text, gap)
    if run is None or HONOURED.match(text, gap) or THING_BEHIND.match(text, gap):
        return None
    end = next(
        (place for place in range(gap + 1, min(run.end(), gap + _MOST_GIVEN) + 1) if PERSONAL.match(text, place)), None
    )
    inside = forms.within(words, gap, end or gap)
    return end if end is not None and end - gap <= _MOST_GIVEN and not any(map(_common, inside)) else None


def _kanji_given(text: str, words: Sequence[Morpheme], word: Morpheme, run_end: int) -> int | None:
    """All of the characters up to an honorific or another script, if they are few: dictionaries lack most given names."""
    end = next(
        (place for place in range(word.start + 1, min(run_end, word.start + _MOST_NAME)) if HONOURED.match(text, place)),
        run_end,
    )
    kana = re.match(r"[ぁ-ん]{0,2}[子美江代恵枝](?![一-龠])", text[end : end + 4]) if end == run_end else None
    end += kana.end() if kana and not _KANJI.match(text, end) else 0
    if end - word.start > _MOST_GIVEN:
        return word.end if _is_name(word, "名", "一般") else None
    inside = forms.within(words, word.start, end)
    acts = any(_common(one) and one.tags[2:3] == ("サ変可能",) for one in inside)
    tail = THING_BEHIND.match(text, end) is not None and not _is_name(word, "名")
    thing = end - word.start == _MOST_GIVEN and any(_common(one) and not one.given for one in inside)
    thing |= text[word.start : end] in _SUFFIXES or (end - word.start > 1 and text[end - 1] in _PRIZES)
    goes_on = _THING_ENDS.match(text, end) is not None and not ACTS.match(text, end)
    thing |= len(inside) == 1 and _common(word) and not word.given and goes_on
    return None if acts or tail or thing or inside[-1].tags[0] == "動詞" else end


def _common(word: Morpheme) -> bool:
    """Whether it is a noun of two characters or more that nobody is called by."""
    return word.known and word.end - word.start > 1 and word.tags[1:2] == ("普通名詞",) and not _is_name(word)


def _kana_given(text: str, word: Morpheme, *, apart: bool) -> int | None:
    found = _GIVEN_KANA.match(text, word.start)
    if found:
        return found.end()
    surface = text[word.start : word.end]
    fits = re.fullmatch(r"[ぁ-んー]{2,5}|[ァ-ヴー]{2,6}", surface) and surface not in _NO_GIVEN_KANA
    follows = re.match(
        r"$|[\s,、。/|()<>\"':;・」』はがをにとのもで&]|様|さん|さま|氏|殿|君|先生|夫妻", text[word.end : word.end + 2]
    )
    alike = surface[:1] < "ァ" and surface in GIVEN_READINGS
    return word.end if fits and follows and word.tags[0] in _CAN_BE_GIVEN and (apart or alike) else None


def _person(view: View, name: _Name) -> bool:
    """Whether the name stands for a person here, not for what is called after one."""
    text, start, end = view.text, name.start, name.end
    if HONOURED.match(text, end):
        office = (name.place or text[start:end] in _ALSO_PLACES) and OFFICE.match(text, end) is not None
        pet = text[start:end] in _PETS and CHILD.match(text, end) is not None
        return (
            text[start:end] not in _GROUPS
            and not office
            and not pet
            and (not name.weak or end - start > 1 or _called(text, name))
        )
    after_company = not name.whole and COMPANY_BEFORE.search(text, max(0, start - 12), start) is not None
    if text[start:end] in _BRANDS or THING_BEHIND.match(text, end) or after_company:
        return False
    if name.whole and _KATAKANA_PAIR.fullmatch(text, start, end) and _OF_KATAKANA.match(text, end):
        return _introduced(view, start)
    if name.weak and not name.whole:
        return _weakly_meant(view, name)
    return name.whole or _introduced(view, start) or _meant(text, name)


def _called(text: str, name: _Name) -> bool:
    """Whether somebody is called by the one character."""
    return PERSONAL.match(text, name.end) is not None


def _weakly_meant(view: View, name: _Name) -> bool:
    """Whether a common word or a place's name stands where only a person's does."""
    text, start, end = view.text, name.start, name.end
    if _KANJI.match(text, end) or (
        start and _KANJI.match(text, start - 1) and not RELATED.search(text, max(0, start - _LONGEST_ROLE), start)
    ):
        return False
    if labelled(view, start, KIN):
        return PARTICLE.match(text, end) is not None or end == len(text)
    if end - start == 1:
        labels = labelled(view, start, LABEL) and _CLOSED.match(text, end) is not None
        speaks = text[start - 1 : start] in ("", "\n", "。", "!") and INTRODUCED.match(text, end) is not None
        return text[start:end] in SURNAMES and (labels or speaks)
    if labelled(view, start, LABEL) or labelled(view, start, RELATED):
        return _ALONE.match(text, end) is not None
    return INTRODUCED.match(text, end) is not None or (not name.place and ACTS.match(text, end) is not None)


def _introduced(view: View, start: int) -> bool:
    """Whether what stands before says that a person is named next."""
    return labelled(view, start, LABEL) or labelled(view, start, RELATED)


def _meant(text: str, name: _Name) -> bool:
    """Whether a single name stands where persons do: introduced, called, or as a word that does or gets something."""
    before, surface = text[name.start - 1 : name.start], text[name.start : name.end]
    if INTRODUCED.match(text, name.end):
        return len(surface) > 1 or (surface in SURNAMES and before in ("", "\n", "。"))
    if len(surface) == 1:
        return False
    if ACTS.match(text, name.end) and (surface in SURNAMES or not name.tagged):
        return True
    if surface in _ALSO_PLACES:
        return (
            text[name.end : name.end + 1] in (":", ">")
            and _SPEAKS.search(text, max(0, name.start - _LONGEST_LABEL), name.start) is not None
        )
    if before in (":", "=", "→") and name.tagged and _CELL.match(text, name.end):
        return THING_LABEL.search(text, max(0, name.start - _LONGEST_LABEL), name.start) is None
    alone = not _KANJI.match(before) and not _KANJI.match(text, name.end)
    return before == "@" or (alone and name.tagged and PARTICLE.match(text, name.end) is not None)


def _honoured(view: View, words: Sequence[Morpheme]) -> Iterator[Find]:
    """Whoever is called さん or 様 and is no common noun: names that no dictionary has."""
    text = view.text
    for found in _FOREIGN.finditer(text):
        met = HONOURED.match(text, found.end()) or INTRODUCED.match(text, found.end())
        if met or _introduced(view, found.start()):
            yield Find(found.start(), found.end(), "PERSON")
    for place, word in enumerate(words):
        if not PERSONAL.match(text, word.end):
            continue
        first = _first_of_run(text, words, place)
        run = words[first : place + 1]
        start = run[0].start
        surface = text[start : word.end]
        child = CHILD.match(text, word.end) is not None
        strange = _strange(run) or surface in SURNAMES or (child and _KANJI.fullmatch(surface) is not None)
        company = THING_BEHIND.search(text, start, word.end) or COMPANY_BEFORE.search(text, max(0, start - 12), start)
        if strange and not company and not (child and surface in _PETS) and _may_be_called_so(surface, run[0]):
            yield Find(start, word.end, "PERSON")


def _strange(run: Sequence[Morpheme]) -> bool:
    """Whether no dictionary has the words as common ones: none of them, or some with nothing that makes a common noun."""
    odd = [not one.known or one.tags[1:2] == ("固有名詞",) for one in run]
    plain = [one.tags[0] == "名詞" and one.tags[2:3] != ("サ変可能",) for one in run]
    return all(odd) or ((any(odd) or run[-1].given) and all(plain) and len(run) > 1)


def _may_be_called_so(surface: str, first: Morpheme) -> bool:
    if surface in SURNAMES:
        return True
    place = first.tags[2:3] == ("地名",) and (
        surface in _BIG_PLACES or not _KANJI.fullmatch(surface) or len(surface) > _MOST_SURNAME
    )
    return (len(surface) > 1 or first.given) and len(surface) <= _MOST_NAME and surface not in _GROUPS and not place


def _first_of_run(text: str, words: Sequence[Morpheme], place: int) -> int:
    """The first word of the same script that leads up to word `place` without a gap."""
    script = _script(text[words[place].start : words[place].end])
    first = place
    while first > 0 and script is not None:
        before = text[words[first - 1].start : words[first - 1].end]
        if before in _GROUPS or _script(before) != script:
            break
        first -= 1
    return first


def _script(surface: str) -> str | None:
    if _KANJI.fullmatch(surface):
        return "kanji"
    return "katakana" if re.fullmatch(r"[ァ-ヴー]+", surface) else None
