"""Names of persons in Japanese text: the words that a dictionary tags as names, weighed by what stands around them."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from kyozon.domain.masking import Morpheme
from kyozon.governance.masking.contexts import label, labelled
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.lexicon import SURNAMES
from kyozon.governance.masking.spans import Find

_HONORIFIC = (
    r"(?:さん|様|さま|氏(?!名)|君|くん|ちゃん|殿|先生|先輩|選手|教授|准教授|博士|議員|大臣|首相|知事|市長|"
    r"会長|社長|副社長|専務|常務|取締役|部長|次長|課長|係長|主任|主査|"
    r"室長|所長|院長|校長|店長|支店長|工場長|監督|弁護士|税理士|医師|看護師|記者|容疑者|被告|巡査|嬢|女史|"
    r"ご?夫妻|ご一家|夫人|マネージャー|リーダー|ディレクター|まで(?:ご|お)?(?:連絡|電話|問)|宛)"
)
_HONOURED = re.compile(rf"[ ]?{_HONORIFIC}")
_PERSONAL = re.compile(r"[ ]?(?:さん|様|さま|氏(?!名)|君|くん|ちゃん|殿|先生)(?!々|[子式相])")
_LABEL = label(
    r"氏名|お?名前|姓名|姓|名(?=[:=])|フリガナ|ふりがな|氏名カナ|カナ(?:氏名)?|かな|よみ(?:がな)?|"
    r"読み(?:仮名)?|名義(?:人|カナ)?|口座名義(?:人|カナ)?|(?:ご)?担当者?(?:名)?|責任者|"
    r"代表(?:者|取締役(?:社長)?)?|社長|申請者|申込者|申込人|契約者|被保険者|受取人|差出人|宛名|宛先|宛|"
    r"送り主|送付先|届け先|お届け先|患者(?:名|様)?|本人|世帯主|連帯保証人|保証人|保護者|"
    r"緊急連絡先|連絡先|作成者?|記入者|起案者?|承認者?|報告者|発表者|講師|著者|筆者|執筆|監修|司会|議長|"
    r"書記|出席者?|参加者|欠席者?|メンバー|顧客(?:名)?|お客様(?:名)?|会員(?:名)?|社員(?:名)?|"
    r"従業員(?:名)?|利用者(?:名)?|応募者|受験者|学生(?:名)?|生徒|児童|園児|父|母|夫|妻|長男|次男|長女|次女|"
    r"配偶者|息子|娘|兄|姉|弟|妹|甲|乙|name|customer|employee|user(?:name)?|"
    r"contact|author|owner|patient|from|to|cc|by|署名|弁護士|記|文責|ゲスト|主治医|担任|上司|部下|同僚|株主|"
    r"役員|理事|監事|取締役|営業|経理"
)
_RELATED = re.compile(
    r"(?:妻|夫|父|母|祖父|祖母|長男|次男|三男|長女|次女|三女|孫|息子|娘|兄|姉|弟|妹|同僚|上司|部下|友人|"
    r"社長|会長|担当|主治医|留学生|ゲスト|顧問|代表|患者|生徒|学生|園児|被告人?|原告|容疑者|故|旧姓|講師|"
    r"秘書|後任|前任)の?[・ ]?\Z"
)
_INTRODUCED = re.compile(
    r"[ ]?(?:です|と申し(?:ます|上げ)|といいます|と言います|より(?![も多少大小高低良])|拝$|\(印\)|印|記$|"
    r"\((?:旧姓|甲|乙|[0-9]{1,3}歳?)|[0-9]{1,3}歳)"
)
# A company, a place or a thing is called after somebody: what follows the name says so.
_THING_BEHIND = re.compile(
    r"(?:製|工|建|通|技研|精|鉄|鋼|紡|織|機|器|車|硝|窯|陶|木材|石材|住|開発|興|企画|放送|音|服|呉|時計|宝|"
    r"眼鏡|茶|青果|鮮魚|畜|造|土木|測|調剤|葬|高原|盆地|平野|半島|岬|街道|商(?!談)|電|自動|化|薬|産業|重工|"
    r"食品|物産|不動産|運輸|運送|交通|鉄道|銀行|証券|生命|火災|信用|保険|商会|商店|百貨|書店|書房|出版|新聞|"
    r"印刷|印章|酒造|醸造|醤油|製菓|"
    r"酒店|園(?![子芸])|屋|堂|家具|苑|楼|亭|庵|荘|館|病院|医院|医科|歯科|眼科|内科|外科|整形|皮膚科|耳鼻|"
    r"小児科|産婦人科|診療|クリニック|薬局|大学|高校|高等|中学|小学|学園|学院|学校|塾|幼稚園|保育|研究|財団|"
    r"記念|美術|博物|"
    r"図書|文庫|賞|杯|駅|線|港|空港|橋|町|村|市(?!川)|区|郡|県|山(?![0-9])|川(?![0-9])|岳|島|浜|湖|池|沢|谷|"
    r"坂|峠|通り|寺|神社|大社|天満|宮(?!さ)|城(?!さ)|塔|温泉|公園|ビル|マンション|ハイツ|コーポ|ホテル|旅館|"
    r"ホーム|スタジアム|ドーム|球場|"
    r"式|流|派|組(?!は)|会(?!長)|社(?!長)|店(?!長)|党|隊|軍|家(?!族|内|に|の(?:人|皆))|事務所|法律|税理|"
    r"会計|コンサル|システム|ソフト|テクノ|エンジ|グループ|ホールディングス|フーズ|スポーツ|ガス|石油|水産|"
    r"農園|牧場|工務|塗装|設備|組合|米|牛|鍋|市場|"
    r"ロボ|モーター|ミシン|ピアノ|楽器|カメラ|フィルム|ゴム|タイヤ|ペイント|ハム|パン|ビール|・ド|アンド| "
    r"?& ?(?=[ァ-ヴA-Z])|台風|方程式|効果|定理|法則|予想|線図|係数|関数|数列|反応|症候群|病(?!院)|検定|分布|"
    r"変換|株式|\(株\)|\(有\)|合同|有限)"
)
_COMPANY_BEFORE = re.compile(
    r"(?:株式会社|有限会社|合同会社|合資会社|一般社団法人|医療法人(?:社団)?|学校法人|\(株\)|\(有\)|㈱)[ ]?\Z"
)
_PARTICLE = re.compile(
    r"[ ]?(?:は|が|を|に(?!て)|と(?!いう(?:の|こと))|も|の|から|へ|や|、|,|。|[()]|」|』|「|>|\n|/|・|:|$)"
)
# What persons do, and what is done with them; towns and companies do other things.
_ACTS = re.compile(
    r"(?:は|が|も)(?:[^。\n]{0,10}?)(?:担当|対応|出席|欠席|参加|訪問|同行|不在|休み|休暇|休ん|入社|退社|"
    r"退職|出社|帰宅|早退|遅刻|説明|報告|発言|承認|申請|提出|作成し|電話|お伺い|伺い|参り|来社|来店|話し|"
    r"言っ|述べ)|"
    r"(?:に|へ)(?:[、]?(?:直接|一度|再度|至急|先に)?)(?:確認し|連絡|依頼|相談|報告|電話|聞|伝え|転送|お願い|"
    r"渡|頼|尋ね|共有し)|"
    r"から(?:[^。\n]{0,8}?)(?:電話|連絡|返信|返事|依頼|報告|メール|伝言|相談)|と(?:打ち合わせ|面談|相談|話し|会|協議|同行)"
)
_GROUPS = frozenset(
    """
    名 姓 皆 各位 御社 貴社 弊社 同 お客 客 奥 神 仏 王 殿 何 人 外 内 上 下 方 者 係 部 課 社 彼 他 誰 皆々 御中 王子
    王女 姫 若 旦那 嫁 孫 爺 婆 爺婆 親 子 先方 相手 業者
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
_KANJI = re.compile(r"[一-龠々ヶ]+")
_KANA_NAME = re.compile(
    r"[ァ-ヴー]{2,8}(?:[ ・][ァ-ヴー]{2,8}){1,3}|[ァ-ヴー]{3,14}|[ぁ-んー]{2,8}[ ][ぁ-んー]{2,8}|"
    r"[ぁ-んー]{4,14}(?![一-龠ぁ-ん])"
)
_FOREIGN = re.compile(r"[ァ-ヴー]{2,10}(?:[・=][ァ-ヴー]{1,12}){1,4}")
_READING = re.compile(
    r"(?:フリガナ|ふりがな|氏名カナ|カナ(?:氏名|名)?|よみ(?:がな|かな)?|読み(?:仮名)?|(?:口座)?名義(?:人|"
    r"カナ)?|セイ|メイ|kana|furigana|氏名|名前)"
    r"(?:\([^)\n]{1,6}\))?[\s\"':=はが|*「]{1,6}(?P<name>" + _KANA_NAME.pattern + ")",
    re.IGNORECASE,
)
_FORM = label(r"氏名|お?名前|名義人?|(?:顧客|会員|社員|患者)名|契約者|受取人|宛名")
# Given names in hiragana that children and friends are called by; not the old man, the baby or the rabbit.
_CALLED = re.compile(
    r"(?<![ぁ-んァ-ヴー一-龠])(?!お[じば]|お[にね]い|お[かと]う|おまわ|おとう|あか|うさぎ|ねこ|いぬ|くま|"
    r"わん|みな|ぼっ|じょう)[ぁ-んー]{2,4}(?=ちゃん|くん)"
)
_LISTED = re.compile(r"[一-龠々]{1,4}[ ](?![殿様氏君]|さん)[一-龠々ぁ-んァ-ヴー]{1,5}(?=\s*(?:$|\n|[,、\t|/(<\"':;]))")
_MOST_GIVEN = 3
_MOST_SURNAME = 3
_MOST_NAME = 8
_GIVEN_KANA = re.compile(r"[ぁ-んァ-ヴ]{1,3}[子美江代恵枝](?![一-龠])")
_NO_GIVEN_KANA = frozenset(
    """
    こと もの ため とき ところ さん さま くん ちゃん たち だけ ほか ほど など まで から です ます あと うち らと
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
_CAN_BE_GIVEN = ("名詞", "副詞", "形状詞", "感動詞")
_BIG_PLACES = frozenset("日本 東京 大阪 京都 名古屋 横浜 神戸 札幌 福岡 仙台 広島 北海道 沖縄 九州 四国 関西 関東".split())  # noqa: SIM905


def find(view: View, morphemes: Sequence[Morpheme]) -> Iterator[Find]:
    """Full names wherever they stand, unless a thing is called so; others where something says that a person is meant."""
    words = [word for word in morphemes if word.end > word.start]
    at = 0
    while at < len(words):
        name = _name_at(view.text, words, at)
        if name is None:
            at += 1
            continue
        if _person(view, name):
            yield Find(name.start, name.end, "PERSON")
        while at < len(words) and words[at].start < name.end:
            at += 1
    yield from _honoured(view, words)
    yield from _on_forms(view, words)


class _Name(Struct, frozen=True):
    """What may be a name: `whole` if it has a family's and a given one, `tagged` if a dictionary calls it a family's."""

    start: int
    end: int
    whole: bool
    tagged: bool


def _is_name(word: Morpheme, *sorts: str) -> bool:
    return word.tags[2:3] == ("人名",) and (not sorts or word.tags[3] in sorts)


def _surname(text: str, word: Morpheme) -> bool:
    """Single characters are words more often than names, unless the dictionary says so of this one."""
    return _is_name(word, "姓") or (word.end - word.start > 1 and text[word.start : word.end] in SURNAMES)


def _name_at(text: str, words: Sequence[Morpheme], at: int) -> _Name | None:
    """The name that begins with word `at`, None where none does."""
    first = words[at]
    unlisted = _unlisted_surname(text, words, at)
    if unlisted is not None:
        return unlisted
    family = _surname(text, first)
    if not family and not _is_name(first):
        return None
    gap = first.end + (text[first.end : first.end + 1] in (" ", "・", "=") and first.end > first.start)
    end = _given_end(text, words, at, gap, family=family)
    return _Name(first.start, first.end if end is None else end, end is not None, _is_name(first, "姓"))


def _unlisted_surname(text: str, words: Sequence[Morpheme], at: int) -> _Name | None:
    """A few characters, a place's name mostly, that begin a run of kanji and stand before a given name."""
    start, place = words[at].start, at
    if _KANJI.match(text, start - 1) if start else False:
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
    if word is None or word.start != gap or (_THING_BEHIND.match(text, gap) and not _is_name(word, "名")):
        return None
    if _HONOURED.match(text, gap) and not _is_name(word, "名"):
        return None
    run = _KANJI.match(text, gap)
    if run is not None and family:
        return _kanji_given(text, words, word, run.end())
    if _is_name(word):
        return word.end if not _is_name(word, "姓") or gap > words[at].end or word.end - gap > 1 else None
    return _kana_given(text, word, apart=gap > words[at].end) if family else None


def _kanji_given(text: str, words: Sequence[Morpheme], word: Morpheme, run_end: int) -> int | None:
    """All of the characters up to an honorific or another script, if they are few: dictionaries lack most given names."""
    end = next((place for place in range(word.start + 1, run_end) if _HONOURED.match(text, place)), run_end)
    kana = re.match(r"[ぁ-ん]{0,2}[子美江代恵枝](?![一-龠])", text[end : end + 4]) if end == run_end else None
    end += kana.end() if kana and not _KANJI.match(text, end) else 0
    if end - word.start > _MOST_GIVEN:
        return word.end if _is_name(word, "名", "一般") else None
    inside = [one for one in words if word.start <= one.start < end]
    acts = any(one.known and one.tags[2:3] == ("サ変可能",) for one in inside)
    tail = _THING_BEHIND.match(text, end) is not None and not _is_name(word, "名")
    return None if acts or tail or inside[-1].tags[0] == "動詞" else end


def _kana_given(text: str, word: Morpheme, *, apart: bool) -> int | None:
    found = _GIVEN_KANA.match(text, word.start)
    if found:
        return found.end()
    surface = text[word.start : word.end]
    fits = re.fullmatch(r"[ぁ-んー]{2,5}|[ァ-ヴー]{2,6}", surface) and surface not in _NO_GIVEN_KANA
    follows = re.match(
        r"$|[\s,、。/|()<>\"':;・」』はがをにとのもで&]|様|さん|さま|氏|殿|君|先生|夫妻", text[word.end : word.end + 2]
    )
    hiragana = surface[:1] < "ァ"
    return word.end if fits and follows and word.tags[0] in _CAN_BE_GIVEN and (apart or hiragana) else None


def _person(view: View, name: _Name) -> bool:
    """Whether the name stands for a person here, not for what is called after one."""
    text, start, end = view.text, name.start, name.end
    if _HONOURED.match(text, end):
        return text[start:end] not in _GROUPS
    if _THING_BEHIND.match(text, end) or (not name.whole and _COMPANY_BEFORE.search(text, max(0, start - 12), start)):
        return False
    return name.whole or _introduced(view, start) or _meant(text, name)


def _introduced(view: View, start: int) -> bool:
    """Whether what stands before says that a person is named next."""
    return labelled(view, start, _LABEL) or labelled(view, start, _RELATED)


def _meant(text: str, name: _Name) -> bool:
    """Whether a single name stands where persons do: introduced, called, or as a word that does or gets something."""
    before, surface = text[name.start - 1 : name.start], text[name.start : name.end]
    if _INTRODUCED.match(text, name.end):
        return len(surface) > 1 or (surface in SURNAMES and before in ("", "\n", "。"))
    if len(surface) == 1:
        return False
    if surface in SURNAMES and _ACTS.match(text, name.end):
        return True
    if surface in _ALSO_PLACES:
        return False
    alone = not _KANJI.match(before) and not _KANJI.match(text, name.end)
    return before == "@" or (alone and name.tagged and _PARTICLE.match(text, name.end) is not None)


def _honoured(view: View, words: Sequence[Morpheme]) -> Iterator[Find]:
    """Whoever is called さん or 様 and is no common noun: names that no dictionary has."""
    text = view.text
    for found in _FOREIGN.finditer(text):
        if _HONOURED.match(text, found.end()) or _introduced(view, found.start()):
            yield Find(found.start(), found.end(), "PERSON")
    for found in _CALLED.finditer(text):
        yield Find(found.start(), found.end(), "PERSON")
    for place, word in enumerate(words):
        if not _PERSONAL.match(text, word.end):
            continue
        first = _first_of_run(text, words, place)
        run = words[first : place + 1]
        start = run[0].start
        surface = text[start : word.end]
        strange = all(not one.known or one.tags[1:2] == ("固有名詞",) for one in run) or surface in SURNAMES
        company = _THING_BEHIND.search(text, start, word.end) or _COMPANY_BEFORE.search(text, max(0, start - 12), start)
        if strange and not company and _may_be_called_so(surface, run[0]):
            yield Find(start, word.end, "PERSON")


def _may_be_called_so(surface: str, first: Morpheme) -> bool:
    if surface in SURNAMES:
        return True
    place = first.tags[2:3] == ("地名",) and (
        surface in _BIG_PLACES or not _KANJI.fullmatch(surface) or len(surface) > _MOST_SURNAME
    )
    return 1 < len(surface) <= _MOST_NAME and surface not in _GROUPS and not place


def _first_of_run(text: str, words: Sequence[Morpheme], place: int) -> int:
    """The first word of the same script that leads up to word `place` without a gap."""
    script = _script(text[words[place].start : words[place].end])
    first = place
    while first > 0 and script is not None and _script(text[words[first - 1].start : words[first - 1].end]) == script:
        first -= 1
    return first


def _script(surface: str) -> str | None:
    if _KANJI.fullmatch(surface):
        return "kanji"
    return "katakana" if re.fullmatch(r"[ァ-ヴー]+", surface) else None


def _on_forms(view: View, words: Sequence[Morpheme]) -> Iterator[Find]:
    """Readings in kana, and what stands where a form asks for a name."""
    text = view.text
    for found in _READING.finditer(text):
        yield Find(found.start("name"), found.end("name"), "PERSON")
    starts = {word.start: place for place, word in enumerate(words)}
    for found in _LISTED.finditer(text):
        place = starts.get(found.start())
        family = found[0].partition(" ")[0]
        known = family in SURNAMES or (place is not None and _surname(text, words[place]))
        if known or labelled(view, found.start(), _FORM):
            yield Find(found.start(), found.end(), "PERSON")
