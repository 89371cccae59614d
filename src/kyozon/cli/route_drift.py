"""`kyozon route drift`: whether requests and answers are still like what the estimates were right for."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kyozon.cli.domains import domain_said
from kyozon.cli.options import Target, installation, of_decisions
from kyozon.cli.output import out, plain, print_json, print_left_out, print_table
from kyozon.cli.route import route
from kyozon.cli.speech import say

if TYPE_CHECKING:
    from kyozon.services.drifting import Change, Drift


@route.command(
    help=say(
        "Whether requests and answers are still like what estimates were right for; exit status 1 where not.",
        "要求と応答が、予測の前提からずれていないかを調べます。ずれていれば終了コード 1。",
    )
)
@of_decisions
@installation
def drift(target: Target, since: datetime, tenant: str | None) -> None:
    """Look at every recorded decision since a moment, in its order."""
    found = asyncio.run(_looked(target, since, tenant))
    if target.as_json:
        print_json(plain(found))
    else:
        print_left_out(found.left_out)
        _print(found)
    raise SystemExit(1 if found.lasting else 0)


async def _looked(target: Target, since: datetime, tenant: str | None) -> "Drift":
    from kyozon.services.drifting import drift as drift_in

    async with target.started() as store:
        return await drift_in(store.feedback, since, tenant)


def _print(found: "Drift") -> None:
    rows = [
        [_stream(name), f"{found.observed[name]:,}", f"{100 * level:.0f} %"]
        for name, level in sorted(found.reached.items())
    ]
    columns = [say("watched", "監視対象"), say("observations", "観測数"), say("alarm at 100 %", "100 % で警報")]
    print_table(columns, rows, right=(1, 2))
    out.print()
    for change in found.changes:
        past = say(" Over: another version has been live since.", "その後、別のバージョンに替わり、終了しています。")
        out.print(f"- {_told(change)}{past}" if change.over else f"✗ {_told(change)}", markup=False)
    if found.lasting:
        out.print(_next(found.lasting), markup=False)
    if not found.changes:
        out.print(
            say(
                f"Nothing has changed in {found.requests:,} requests. False alarms: one in a million requests at most.",
                f"{found.requests:,} 件の要求に変化はありません。誤報は平均して 100 万件に 1 回以下です。",
            )
        )


def _next(changes: "list[Change]") -> str:
    """What to do, and how to look at what came after."""
    after = f"{changes[-1].clear + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
    if all(change.alarm.stream == "domains" for change in changes):
        todo = say("nothing, as long as scores stay.", "評点が変わらなければ、対応は不要です。")
    else:
        todo = say(
            "look at what was said of answers since then (kyozon feedback list), and learn from it (kyozon route learn).",
            "その後の応答への評価を確認し（kyozon feedback list）、学習させます（kyozon route learn）。",
        )
    return say(
        f"Next: {todo} An alarm is over with another version of the estimates; to leave these out: --since {after}",
        f"次の手順：{todo}予測のバージョンが替われば警報は終わります。確認済みの警報を除くには：--since {after}",
    )


def _stream(name: str) -> str:
    return {
        "support": say("how well such requests are known", "似た要求がどれだけ知られているか"),
        "quality": say("scores beside what was expected", "評点と予測品質の差"),
        "domains": say("what requests are about", "要求の分野"),
    }[name]


def _told(change: "Change") -> str:
    alarm, day = change.alarm, f"{change.began:%Y-%m-%d %H:%M} UTC"
    before, after = f"{alarm.before:.2f}", f"{alarm.after:.2f}"
    clear = f"{change.clear:%Y-%m-%d %H:%M} UTC ({change.decision})"
    what = {
        "support": say(
            f"requests are less like what is known: support {before} before, {after} after",
            f"既知の要求から離れてきました：類似度 {before} → {after}",
        ),
        "quality": _scores(before, after),
        "domains": say(
            f"requests are about other things: {domain_said(alarm.domain)} had {before} of them before, {after} after",
            f"要求の分野が変わりました：{domain_said(alarm.domain)} の割合 {before} → {after}",
        ),
    }[alarm.stream]
    return say(f"Since about {day} {what}. Clear at {clear}.", f"{day} ごろから、{what}。{clear} に判明。")


def _scores(before: str, after: str) -> str:
    """Means, as they are shown: where they are the same, something else has changed."""
    if before == after:
        return say(
            f"scores are differently spread about what was expected; score less expectation is still {after} on average",
            f"予測に対する評点のばらつきが変わりました：評点と予測の差は平均 {after} のまま",
        )
    told = f"{before} before, {after} after", f"評点と予測の差 {before} → {after}"
    if float(after) < float(before):
        return say(
            f"answers are worse than before, beside what was expected: score less expectation {told[0]}",
            f"予測に比べ、応答の評点が以前より下がりました：{told[1]}",
        )
    return say(
        f"answers are better than before, beside what was expected: score less expectation {told[0]}",
        f"予測に比べ、応答の評点が以前より上がりました：{told[1]}",
    )
