"""Models: each is served by a provider that is turned on, under a name of its own."""

from collections import Counter
from collections.abc import Iterator, Mapping

from kyozon.domain.language import Text
from kyozon.domain.models import AUTO, CALLS, Provider
from kyozon.settings import facts
from kyozon.settings.mistakes import Mistake, mend
from kyozon.settings.root import Settings
from kyozon.settings.sections import ModelTable


def check_models(settings: Settings, vendors: Mapping[str, Provider]) -> Iterator[Mistake]:
    """Each model has a provider that is turned on, and one price a day and size."""
    served = facts.providers(settings.provider_tables, vendors, local=settings.local.enabled)
    known = set(served)
    for name, table in settings.model_tables.items():
        if name == AUTO:
            yield Mistake(
                ("models", name),
                Text(
                    '"auto" stands for Kyozon\'s own choice: pick another name.',
                    "「auto」は自動選択を表す名前です。別の名前にしてください。",
                ),
            )
        if table.provider is None:
            hint = mend("", known)
            yield Mistake(
                ("models", name, "provider"),
                Text(f"say who serves the model; {hint.en}", f"どのプロバイダーのモデルかを書いてください。{hint.ja}"),
            )
        elif table.provider not in known:
            yield Mistake(("models", name, "provider"), _unknown_provider(table.provider, vendors, known))
        for place, other in enumerate(table.also_at):
            if other not in known:
                yield Mistake(("models", name, "also_at", place), _unknown_provider(other, vendors, known))
            elif other in (table.provider, *table.also_at[:place]):
                yield Mistake(("models", name, "also_at", place), _named_before(other))
        yield from _check_prices(name, table)
        yield from _check_calls(name, table, served)


def _unknown_provider(name: str, vendors: Mapping[str, Provider], known: set[str]) -> Text:
    if name in vendors:
        return Text(
            f'the vendor "{name}" is known but not turned on: add the table [providers.{name}].',
            f"ベンダー「{name}」は知っていますが、有効になっていません。[providers.{name}] を加えてください。",
        )
    hint = mend(name, known)
    return Text(
        f'there is no provider "{name}": {hint.en} A new one is a table [providers.{name}].',
        f"プロバイダー「{name}」はありません。{hint.ja}新しく作るには [providers.{name}] を加えてください。",
    )


def _named_before(provider: str) -> Text:
    return Text(
        f'"{provider}" is named before: name each provider of the model once.',
        f"「{provider}」はすでに書かれています。プロバイダーはそれぞれ一度だけ書いてください。",
    )


def _check_calls(name: str, table: ModelTable, served: Mapping[str, Provider]) -> Iterator[Mistake]:
    """Each of its providers speaks a wire format that has a call for what it is said to do."""
    for provider in filter(None, (table.provider, *table.also_at)):
        if table.kind is None or provider not in served or table.kind in CALLS[served[provider].format]:
            continue
        fit = ", ".join(found for found, kinds in CALLS.items() if table.kind in kinds)
        yield Mistake(
            ("models", name, "kind"),
            Text(
                f'the wire format of "{provider}", {served[provider].format}, has no call for {table.kind}: name a '
                f"provider whose format is {fit}, or another kind.",
                f"「{provider}」の形式 {served[provider].format} には {table.kind} の呼び出しがありません。"
                f"形式が {fit} のプロバイダーか、別の kind を指定してください。",
            ),
        )


def _check_prices(name: str, table: ModelTable) -> Iterator[Mistake]:
    starts = Counter((price.valid_from, price.above_input) for price in table.prices or ())
    for (day, above), count in starts.items():
        if count > 1:
            yield Mistake(
                ("models", name, "prices"),
                Text(
                    f"{count} prices begin on {day} above {above} input tokens: keep one.",
                    f"{day} に始まる価格（入力 {above} トークン超）が {count} 件あります。1 件にしてください。",
                ),
            )


def check_names_once(settings: Settings) -> Iterator[Mistake]:
    """A name answers to one model: the second provider that lists it needs a table with `upstream`."""
    seen = set(settings.model_tables)
    for name, table in settings.provider_tables.items():
        for place, model in enumerate(table.models):
            if model in seen:
                yield Mistake(
                    ("providers", name, "models", place),
                    Text(
                        f'there is a model "{model}" already. Take it off this list, and give it a name of its own: '
                        f'[models.NAME] with provider = "{name}" and upstream = "{model}".',
                        f"モデル「{model}」はすでにあります。この一覧から外し、別の名前を付けてください："
                        f'[models.名前] に provider = "{name}" と upstream = "{model}"。',
                    ),
                )
            seen.add(model)
