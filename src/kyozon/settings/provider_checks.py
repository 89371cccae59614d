"""Providers: vendor, address and zone fit together."""

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from kyozon.domain.labels import Zone
from kyozon.domain.language import Text
from kyozon.domain.models import Provider
from kyozon.settings import facts
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.root import Settings
from kyozon.settings.sections import ProviderTable
from kyozon.settings.zone_checks import admits_no_train

_PRIVATE_ENDINGS = (".local", ".lan", ".internal", ".home.arpa", ".localdomain", ".localhost", ".test")


def check_providers(settings: Settings, vendors: Mapping[str, Provider]) -> Iterator[Mistake]:
    """Vendors and zones exist, addresses are given, and what a provider does fits the zone it stands in."""
    for name, table in settings.provider_tables.items():
        if (unknown := _unknown_vendor(name, table, vendors)) is not None:
            yield unknown
            continue
        provider = facts.provider(name, table, vendors)
        zone = settings.zones().get(provider.zone)
        if zone is None:
            hint = mend(provider.zone, settings.zones())
            yield Mistake(
                ("providers", name, "zone"),
                Text(
                    f'there is no zone "{provider.zone}": {hint.en} A new one is a table [zones.{provider.zone}].',
                    f"ゾーン「{provider.zone}」はありません。{hint.ja}新しいゾーンは [zones.{provider.zone}] で作れます。",
                ),
            )
        elif (contradiction := _place(name, table, provider, zone)) is not None:
            yield contradiction


def _unknown_vendor(name: str, table: ProviderTable, vendors: Mapping[str, Provider]) -> Mistake | None:
    hint = mend(table.vendor or name, vendors)
    if table.vendor is not None and table.vendor not in vendors:
        return Mistake(
            ("providers", name, "vendor"),
            Text(f'unknown vendor "{table.vendor}": {hint.en}', f"知らないベンダー「{table.vendor}」です。{hint.ja}"),
        )
    if name in vendors or table.vendor is not None or table.format is not None:
        return None
    return Mistake(
        ("providers", name),
        Text(
            f'"{name}" is not a known vendor: {hint.en} Write vendor = "…", or for an API of its own format = "openai" '
            "and base_url.",
            f'「{name}」という名前のベンダーはありません。{hint.ja}vendor = "…" を書くか、独自の API なら '
            'format = "openai" と base_url を書いてください。',
        ),
    )


def _place(name: str, table: ProviderTable, provider: Provider, zone: Zone) -> Mistake | None:
    """Whether the provider's address and habits fit the zone it stands in."""
    if zone.kind != "host" and (not provider.base_url or "{" in provider.base_url):
        pattern = f" ({provider.base_url})" if provider.base_url else ""
        return Mistake(
            ("providers", name, "base_url"),
            Text(f"write the address of the API{pattern}.", f"API のアドレスを書いてください{pattern}。"),
        )
    if table.zone is None and table.base_url is not None and zone.kind != "external" and _public(table.base_url):
        return Mistake(
            ("providers", name, "base_url"),
            Text(
                f'the address looks public, but the zone would be "{zone.id}". Say where it stands: zone = "external", '
                f'or zone = "{zone.id}" if it is your own.',
                f'公開アドレスのようですが、ゾーンが「{zone.id}」になります。社外なら zone = "external"、'
                f'自社のものなら zone = "{zone.id}" と明記してください。',
            ),
        )
    if provider.trains and admits_no_train(zone):
        return Mistake(
            ("providers", name),
            Text(
                f'trains on what it receives, but its zone "{zone.id}" admits no-train data. Choose another zone or, if '
                "your contract excludes training, write trains = false.",
                f"受け取ったデータを学習に使うのに、ゾーン「{zone.id}」は no-train を受け入れます。別のゾーンにするか、"
                "契約で学習が除外されているなら trains = false と書いてください。",
            ),
        )
    return None


def _public(url: str) -> bool:
    """Whether an address lies outside private networks, as far as its name tells."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_private
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_ENDINGS)
