"""The savings report for people: one sentence that holds, a table, what is left out, and how it was reckoned."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from kyozon.cli.domains import domain_said
from kyozon.cli.output import out, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.language import Text
from kyozon.domain.savings import Grouping, Reason, Saving, SavingsReport

_REASONS: Final[Mapping[Reason, Text]] = {
    "unreadable": Text("record pruned, or of another version", "記録が整理済み、または別の版の形式"),
    "not_chat": Text("no chat (embeddings)", "チャット以外（埋め込みなど）"),
    "unanswered": Text("no whole answer: refused, failed, broken, left", "応答が完結していない（拒否・失敗・中断・離脱）"),
    "similar": Text("given from the cache for a similar question", "類似の質問へのキャッシュ応答"),
    "two_models": Text("begun by one model, ended by another", "途中でモデルが交代した応答"),
    "no_estimate": Text("no estimates on record for both models", "両モデルの品質予測が記録にない"),
    "below": Text("not judged as good", "同等品質と判定できない"),
    "unpriced": Text("answered at an unknown price", "応答したモデルの価格が不明"),
    "no_reference_price": Text("no price of the reference on that day", "当日の基準モデルの価格が不明"),
    "currency": Text("paid in another currency", "通貨が異なる"),
}
_GROUPS: Final[Mapping[Grouping, Text]] = {
    "day": Text("day", "日"),
    "key": Text("key", "キー"),
    "model": Text("model", "モデル"),
    "task": Text("task", "分野"),
}


def print_savings(found: SavingsReport, names: Mapping[str, str]) -> None:
    """Print it; `names` are what people call the groups."""
    for total in found.totals:
        out.print(_headline(found, total))
    compared = any(total.counted for total in found.totals)
    if compared:
        out.print()
        _print_rows(found, names)
        out.print()
        for line in _judged(found):
            out.print(line)
    _print_left_out(found)
    if compared:
        out.print()
        for line in _method(found):
            out.print(line)


def _headline(found: SavingsReport, total: Saving) -> str:
    name, currency = found.reference, total.currency
    if not total.counted:
        return say(
            f"[bold]None of {total.requests:,} requests can be compared with {name}[/], so nothing counts as saved "
            f"(paid: {_money(total.ledger)} {currency}).",
            f"[bold]{name} と比較できる要求は {total.requests:,} 件中 0 件のため、節約額は算出できません[/]"
            f"（支払額 {_money(total.ledger)} {currency}）。",
        )
    detail, counted, of = _detail(total), f"{total.counted:,}", f"{_money(total.reference, 1)} {currency}"
    amount, requests = f"{_money(abs(total.saved), 1)} {currency}", f"{total.requests:,}"
    if total.saved < 0:
        return say(
            f"[bold yellow]{amount} more was paid[/] than the {of} that {name} would have cost{detail},\non the "
            f"{counted} of {requests} requests whose answers are judged as good.",
            f"[bold yellow]{amount} の超過[/]です{detail}。\n{requests} 件中、同等品質と判定した {counted} 件を "
            f"{name} だけで賄った場合の費用は {of} でした。",
        )
    return say(
        f"[bold green]{amount} saved[/] of the {of} that {name} would have cost{detail},\non the {counted} of {requests} "
        "requests whose answers are judged as good.",
        f"[bold green]{amount} の節約[/]です{detail}。\n{requests} 件中、同等品質と判定した {counted} 件を {name} だけで"
        f"賄った場合の費用は {of} でした。",
    )


def _print_rows(found: SavingsReport, names: Mapping[str, str]) -> None:
    columns = [_GROUPS[found.by].to(language()), say("requests", "件数"), say("compared", "比較対象")]
    columns += [say("paid", "支払額"), found.reference, say("saved", "節約額"), "%", say("95 % between", "95 % 区間")]
    called = domain_said if found.by == "task" else lambda group: names.get(group, group)
    lines = [(row, called(row.group).replace("[", r"\["), "") for row in found.rows]
    if len(found.rows) > len(found.totals):
        lines += [(total, say("together", "合計"), "bold") for total in found.totals]
    table = [_row(*line) for line in lines]
    if len(found.totals) > 1:
        columns.append(say("currency", "通貨"))
        table = [[*cells, line[0].currency] for cells, line in zip(table, lines, strict=True)]
    print_table(columns, table, right=range(1, 8))


def _row(row: Saving, name: str, style: str) -> list[str]:
    share = "-" if row.share is None else _percent(row.share)
    between = "-"
    if row.share_low is not None and row.share_high is not None:
        between = f"{_percent(row.share_low)} – {_percent(row.share_high)}"
    cells = [name, f"{row.requests:,}", f"{row.counted:,}"]
    cells += [_money(row.paid), _money(row.reference), _money(row.saved), share, between]
    return [f"[{style}]{cell}[/]" for cell in cells] if style else cells


def _judged(found: SavingsReport) -> list[str]:
    judged, lines = found.judged, list[str]()
    if judged.expected_quality is not None and judged.expected_quality_reference is not None:
        mine, its = judged.expected_quality, judged.expected_quality_reference
        share = say(f" ({100 * mine / its:.1f} %)", f"（{100 * mine / its:.1f} %）") if its else ""
        goals = ", ".join(f"{goal} {count:,}" for goal, count in judged.goals.items())
        lines.append(
            say(
                f"Expected quality: {mine:.3f} to {its:.3f} of {found.reference}{share}, means. Asked: {goals}.",
                f"予測品質の平均：{mine:.3f}、{found.reference} は {its:.3f}{share}。品質目標：{goals}。",
            )
        )
    told = [
        (judged.by_reference, say(f"answered by {found.reference} itself", f"{found.reference} 自身が応答")),
        (sum(one.from_cache for one in found.totals), _cached(found)),
        (judged.not_permitted, say(f"could not have gone to {found.reference}", f"{found.reference} には送れない要求")),
    ]
    return lines + [say(f"{count:,} of them: {what}", f"うち {count:,} 件：{what}") for count, what in told if count]


def _cached(found: SavingsReport) -> str:
    saved = ", ".join(f"{_money(one.saved_by_cache)} {one.currency}" for one in found.totals if one.from_cache)
    return say(f"given again from the cache, which saved {saved}", f"キャッシュからの再利用（節約額 {saved}）")


def _print_left_out(found: SavingsReport) -> None:
    rows = [
        [_REASONS[left.reason].to(language()), f"{left.requests:,}", f"{_money(left.paid)} {total.currency}"]
        for total in found.totals
        for left in sorted(total.left_out, key=lambda one: -one.requests)
    ]
    if rows:
        out.print()
        columns = [say("not compared, never counted as saved", "比較対象外（節約に数えない）")]
        print_table([*columns, say("requests", "件数"), say("paid", "支払額")], rows, right=(1, 2))


def _method(found: SavingsReport) -> list[str]:
    scaled, as_written = f"{found.judged.scaled:,}", f"{found.judged.as_written:,}"
    lines = [
        say(
            "Paid is what the ledger has booked, calls that failed before an answer and embeddings included.",
            "支払額は台帳の記帳額です。応答の前に失敗した呼び出しと埋め込みの費用を含みます。",
        ),
        say(
            "The reference is priced as of each decision's day, for the real input. Its output is in proportion to the",
            "基準モデルの費用は、決定日の価格と実際の入力量によります。",
        ),
        say(
            f"lengths expected of both ({scaled} answers), else as written ({as_written}).",
            f"出力量は両モデルの予測の比で換算（{scaled} 件）、予測がなければ実際の値（{as_written} 件）です。",
        ),
        say(
            "As good means: by recorded estimates it comes up to the share of the reference that its goal asks, 95 % for",
            "同等品質とは、記録された予測で、品質目標の割合（high なら基準モデルの 95 %）に届くことです。",
        ),
        say(
            "high; nobody has read the answers. The interval says how far other requests like these would vary, no more.",
            "応答の内容は評価していません。区間が表すのは、要求ごとのばらつきだけです。",
        ),
    ]
    return [f"[dim]{line}[/]" for line in lines]


def _detail(total: Saving) -> str:
    """The share, and how sure it is."""
    if total.share is None:
        return ""
    share = f"{_percent(abs(total.share))} %"
    if total.share_low is None or total.share_high is None:
        return say(f" ({share}; too few requests for an interval)", f"（{share}、件数が少なく区間は算出不可）")
    if total.share_low <= 0 <= total.share_high:
        return say(f" ({share}; at 95 % not beyond chance)", f"（{share}、95 % の信頼度では差があるとはいえません）")
    low, high = (_percent(each) for each in sorted((abs(total.share_low), abs(total.share_high))))
    return say(f" ({share}, 95 % between {low} and {high} %)", f"（{share}、95 % 区間 {low}〜{high} %）")


def _percent(share: Decimal) -> str:
    return f"{100 * share:.1f}"


def _money(amount: Decimal, rounded_from: int | None = None) -> str:
    """To six places, as `kyozon usage` has it; from a certain amount on to two."""
    return f"{amount:,.2f}" if rounded_from is not None and amount >= rounded_from else f"{amount:,.6f}"
