"""A policy in sentences, for people who do not read settings: for each zone what may go there, what not, and why."""

from collections.abc import Iterator

from msgspec import Struct

from kyozon.domain.labels import ALL_COMPARTMENTS, Label, Level, Zone
from kyozon.domain.language import Text
from kyozon.domain.masking import DETECTED
from kyozon.domain.policy import Basis
from kyozon.domain.review import ReviewRules
from kyozon.governance.flow import in_region, may_flow, regions, trains_against
from kyozon.governance.policy_flows import ANY_OTHER, compartments_of

_KINDS = {
    "host": Text("this machine", "このマシン"),
    "lan": Text("your own network", "自社のネットワーク"),
    "external": Text("somebody else's machines", "社外のサーバー"),
}
_LEVELS = {
    Level.PUBLIC: Text("public", "public（公開）"),
    Level.INTERNAL: Text("internal", "internal（社内）"),
    Level.CONFIDENTIAL: Text("confidential", "confidential（機密）"),
    Level.RESTRICTED: Text("restricted", "restricted（極秘）"),
}


class Section(Struct, frozen=True):
    """A heading and what is said under it."""

    heading: Text
    sentences: tuple[Text, ...]


def in_words(basis: Basis) -> list[Section]:
    """The whole policy: first what holds everywhere, then each zone."""
    names = compartments_of(basis)[:-1]
    everywhere = Section(
        Text(f"Policy {basis.policy_version}", f"ポリシー {basis.policy_version}"),
        (
            Text(
                "What is not allowed below is refused: there is no zone, model or label that may receive data by default.",
                "以下で許可されていないものはすべて拒否されます。既定で受け取ってよいゾーン・モデル・ラベルはありません。",
            ),
            Text(
                f"A request that states no label is {basis.default_label}, unless its key has a default of its own.",
                f"ラベルのない要求は、キーに既定のラベルがなければ {basis.default_label} として扱われます。",
            ),
            Text(
                "An answer is as sensitive as its question: a key gets none above its own clearance.",
                "応答の機密度は質問と同じです。キーの許可を超える応答は渡されません。",
            ),
            Text(
                f"Among the models that may answer, {basis.router} chooses. Every rule may exclude a model: "
                f"{', '.join(basis.rules)}.",
                f"許可されたモデルの中から {basis.router} が選びます。除外できるルール：{', '.join(basis.rules)}。",
            ),
        ),
    )
    return [
        everywhere,
        *_held(basis.review),
        *(_zone(basis, zone, names) for zone in sorted(basis.zones, key=lambda zone: zone.id)),
    ]


def _held(rules: ReviewRules) -> Iterator[Section]:
    """Which answers wait for a person."""
    found = []
    if rules.labels:
        names = ", ".join(map(str, rules.labels))
        found.append(Text(f"Answers to requests labelled at least {names}.", f"ラベルが {names} 以上の要求への応答。"))
    if rules.zones:
        names = ", ".join(sorted(rules.zones))
        found.append(Text(f"Answers from models in {names}.", f"ゾーン {names} のモデルからの応答。"))
    if rules.keys:
        names = ", ".join(sorted(rules.keys))
        found.append(Text(f"Answers to requests with the keys {names}.", f"キー {names} による要求への応答。"))
    if found:
        yield Section(Text("What a person looks at before it is delivered", "届ける前に担当者が確認するもの"), tuple(found))


def _zone(basis: Basis, zone: Zone, names: tuple[str, ...]) -> Section:
    kind = _KINDS[zone.kind]
    heading = Text(f"Zone {zone.id}: {kind.en}", f"ゾーン {zone.id}：{kind.ja}")
    return Section(heading, (_facts(zone), _stands(basis, zone), *_levels(zone), *_compartments(zone, names)))


def _facts(zone: Zone) -> Text:
    if zone.kind == "host":
        return Text("Data stays on this machine.", "データはこのマシンから出ません。")
    region = zone.region or ""
    en = [f"Data is processed in {region}" if region else "Nobody has stated where data is processed"]
    ja = [f"データは {region} で処理されます" if region else "データが処理される地域は明示されていません"]
    said = {
        True: ("is kept", "保存されます"),
        False: ("is not kept", "保存されません"),
        None: ("may be kept, since nobody says otherwise", "保存されうるものとみなします（明示がないため）"),
    }[zone.retains]
    trained = {
        True: ("trains models", "学習に使われます"),
        False: ("trains no models", "学習に使われません"),
        None: ("may train models, since nobody says otherwise", "学習に使われうるものとみなします（明示がないため）"),
    }[zone.trains]
    en += [f"what is sent there {said[0]}", f"and {trained[0]}"]
    ja += [f"送られたものは{said[1]}", trained[1]]
    return Text(", ".join(en) + ".", "。".join(ja) + "。")


def _stands(basis: Basis, zone: Zone) -> Text:
    names = sorted({card.address for card in basis.all_cards if card.zone == zone.id})
    if not names:
        return Text("No model stands there.", "ここにあるモデルはありません。")
    return Text(f"Models there: {', '.join(names)}.", f"ここにあるモデル：{', '.join(names)}。")


def _levels(zone: Zone) -> Iterator[Text]:
    cleared = [level for level in Level if level.rank <= zone.clearance.level.rank]
    kept = [level for level in Level if level.rank > zone.clearance.level.rank]
    en, ja = _listed(cleared)
    yield Text(f"May receive: {en} data.", f"受け取れるもの：{ja} のデータ。")
    if kept:
        en, ja = _listed(kept)
        yield Text(
            f"May not receive: {en} data, because its clearance ends at {zone.clearance.level.value}.",
            f"受け取れないもの：{ja} のデータ（許可が {zone.clearance.level.value} までのため）。",
        )


def _listed(levels: list[Level]) -> tuple[str, str]:
    return ", ".join(_LEVELS[level].en for level in levels), "、".join(_LEVELS[level].ja for level in levels)


def _compartments(zone: Zone, names: tuple[str, ...]) -> Iterator[Text]:
    """Each compartment, at the lowest level: the level has been spoken of."""
    labels = {name: Label(Level.PUBLIC, frozenset({name})) for name in names}
    admitted = [name for name, label in labels.items() if may_flow(label, zone)]
    if admitted:
        listed = ", ".join(admitted)
        yield Text(f"Also in these compartments: {listed}.", f"次の区分のデータも受け取れます：{listed}。")
    for name, label in labels.items():
        if name not in admitted:
            why = _why_not(label, zone)
            yield Text(f"No data in compartment {name}, because {why.en}.", f"区分 {name} のデータは不可（{why.ja}）。")
    if zone.masked and not all(may_flow(Label(Level.PUBLIC, frozenset({found})), zone) for found in DETECTED):
        yield Text(
            "Personal data and secrets may go there in masked words, where the masking has been verified.",
            "個人情報と秘密情報は、マスキングを検証できた場合に限り、マスクした形で送れます。",
        )
    if ALL_COMPARTMENTS in zone.clearance.compartments:
        yield Text("And in any other compartment.", "そのほかの区分も受け取れます。")
    elif not may_flow(Label(Level.PUBLIC, frozenset({ANY_OTHER})), zone):
        yield Text(
            "No data in any other compartment, because its clearance does not name it.",
            "そのほかの区分のデータは不可（許可に含まれていないため）。",
        )


def _why_not(label: Label, zone: Zone) -> Text:
    if not label.within(zone.clearance):
        return Text("its clearance does not name it", "許可に含まれていないため")
    if trains_against(label, zone):
        return Text("nobody has stated that nothing is trained there", "学習に使われないと明示されていないため")
    if not in_region(label, zone):
        wanted = ", ".join(sorted(regions(label))).upper()
        return Text(f"it is not stated to be in {wanted}", f"{wanted} にあると明示されていないため")
    raise AssertionError("what may not flow meets one of the three")
