"""What is another one from one basis to the next, in sentences."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kyozon.domain.language import Text
from kyozon.domain.policy import Basis


def changes(old: Basis, new: Basis) -> tuple[Text, ...]:
    """A sentence for each thing that was added, removed or changed."""
    return tuple(_all(old, new))


def _all(old: Basis, new: Basis) -> Iterator[Text]:
    yield from _single(Text("version of Kyozon", "Kyozon のバージョン"), old.code, new.code)
    yield from _single(Text("router", "ルーター"), old.router, new.router)
    yield from _single(Text("default label", "既定のラベル"), str(old.default_label), str(new.default_label))
    yield from _named(Text("rule", "ルール"), dict.fromkeys(old.rules, ""), dict.fromkeys(new.rules, ""))
    yield from _named(Text("zone", "ゾーン"), _by_id(old.zones), _by_id(new.zones))
    yield from _named(Text("provider", "提供元"), _by_id(old.providers), _by_id(new.providers))
    cards = ({card.address: card for card in basis.all_cards} for basis in (old, new))
    yield from _named(Text("model", "モデル"), *cards)
    missing = (set(basis.credentials_missing) for basis in (old, new))
    yield from _credentials(*missing)


def _single(what: Text, old: str, new: str) -> Iterator[Text]:
    if old != new:
        yield Text(f"{what.en}: {old} became {new}", f"{what.ja}：{old} から {new} に変更")


def _named(what: Text, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Text]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Text(f"{what.en} {name} added", f"{what.ja} {name} を追加")
        elif name not in new:
            yield Text(f"{what.en} {name} removed", f"{what.ja} {name} を削除")
        elif old[name] != new[name]:
            yield Text(f"{what.en} {name} changed", f"{what.ja} {name} を変更")


def _credentials(old: set[str], new: set[str]) -> Iterator[Text]:
    for provider in sorted(old - new):
        yield Text(f"provider {provider} has a key now", f"提供元 {provider} のキーが設定された")
    for provider in sorted(new - old):
        yield Text(f"provider {provider} has no key any more", f"提供元 {provider} のキーがなくなった")


def _by_id(found: Iterable[Any]) -> dict[str, Any]:
    return {one.id: one for one in found}
