"""`kyozon policy`: read a policy in sentences, check it, and see what another one would change."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from kyozon.cli.calling import call
from kyozon.cli.objections import rule_name
from kyozon.cli.options import Target, installation, of_decisions
from kyozon.cli.output import out, print_json, print_left_out, print_table
from kyozon.cli.speech import language, say
from kyozon.domain.policy import FlowChange, PolicyDifference
from kyozon.governance.policy_flows import difference
from kyozon.governance.policy_words import in_words

if TYPE_CHECKING:
    from kyozon.services.registry import Registry
    from kyozon.services.simulating import Proof, Simulated

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(help=say("The policy: read, check, compare, simulate.", "ポリシーの表示・検査・比較・シミュレーション。"))
def policy() -> None:
    """The group."""


@policy.command(help=say("Say the policy in sentences.", "ポリシーを文章で表示します。"))
@click.argument("file", type=_FILE, required=False)
@installation
def show(target: Target, file: Path | None) -> None:
    """For each zone: what may go there, what may not, and why."""
    sections = in_words(_registry(target, file).basis)
    speaks = language()
    if target.as_json:
        told = [{"heading": s.heading.to(speaks), "sentences": [t.to(speaks) for t in s.sentences]} for s in sections]
        print_json({"sections": told})
        return
    for section in sections:
        out.print(section.heading.to(speaks), style="bold", markup=False)
        for sentence in section.sentences:
            out.print(f"  {sentence.to(speaks)}", markup=False)
        out.print()


@policy.command(
    help=say(
        "Check a settings file whole: every mistake with its line and its mend.",
        "設定ファイル全体を検査し、すべての誤りを行番号と直し方付きで示します。",
    )
)
@click.argument("file", type=_FILE, required=False)
@installation
def check(target: Target, file: Path | None) -> None:
    """Exit status 0 where the file can be used as it is, 2 where it has mistakes."""
    basis = _registry(target, file).basis
    if target.as_json:
        print_json({"policy_version": basis.policy_version, "zones": len(basis.zones), "models": len(basis.all_cards)})
        return
    zones, models = len(basis.zones), len(basis.all_cards)
    out.print(
        say(
            f"No mistakes. Policy {basis.policy_version}: {zones} zones, {models} models.",
            f"誤りはありません。ポリシー {basis.policy_version}：ゾーン {zones}、モデル {models}。",
        )
    )


@policy.command(
    help=say(
        "What becomes allowed or forbidden from one settings file to another.",
        "二つの設定ファイルの間で、何が許可され、何が禁止されるようになるかを示します。",
    )
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@installation
def diff(target: Target, old: Path, new: Path) -> None:
    """Compare by consequence: which label may go to which model in which zone."""
    before, after = _registry(target, old), _registry(target, new)
    found = difference(before.basis, after.basis, before.installation.rules, after.installation.rules)
    if target.as_json:
        print_json(_difference_json(found))
        return
    if not found.flows and not found.others:
        out.print(say("No difference: every request is decided alike.", "違いはありません。どの要求も同じ結果になります。"))
        return
    columns = [
        say("change", "変化"),
        say("model", "モデル"),
        say("zone", "ゾーン"),
        say("rules", "ルール"),
        say("labels", "ラベル"),
    ]
    if found.flows:
        print_table(columns, [_change_row(change) for change in found.flows])
        out.print()
    for text in found.others:
        out.print(f"- {text.to(language())}", markup=False)


@policy.command(
    help=say(
        "Replay recorded decisions under another settings file; without one, as proof, under their own.",
        "記録された決定を別の設定ファイルで再現します。ファイルを省くと、当時のポリシーで再現して記録を検証します。",
    )
)
@click.argument("file", type=_FILE, required=False)
@of_decisions
@installation
def simulate(target: Target, file: Path | None, since: datetime, tenant: str | None) -> None:
    """Exit status 1 where a decision does not come out as it was recorded."""
    if file is None:
        proof = asyncio.run(_prove(target, since, tenant))
        _print_proof(target, proof)
        raise SystemExit(1 if proof.different else 0)
    found = asyncio.run(_simulate(target, file, since, tenant))
    if target.as_json:
        print_json(found)
    else:
        print_left_out(found.left_out)
        _print_simulated(found)


@policy.command(
    "reload",
    help=say(
        "Put the policy of the running server's settings file in place.", "起動中のサーバーに設定のポリシーを反映します。"
    ),
)
@installation
def reload_(target: Target) -> None:
    """The settings are checked whole first; with a mistake nothing changes."""
    found = call(target, "POST", "/kyozon/v1/policy/reload")
    if target.as_json:
        print_json(found)
        return
    out.print(
        say(f"Policy {found['new']} stays: nothing in it has changed.", f"ポリシー {found['new']} に変更はありません。")
        if found["new"] == found["old"]
        else say(
            f"Policy {found['new']} instead of {found['old']}.",
            f"ポリシーを {found['old']} から {found['new']} に替えました。",
        )
    )
    if found["waiting"]:
        names = ", ".join(found["waiting"])
        out.print(
            say(f"Changed, too, but only after a restart: {names}", f"再起動後に有効になる変更：{names}"), markup=False
        )


def _registry(target: Target, file: Path | None) -> "Registry":
    return structs.replace(target, config=file or target.config).models()[1]


async def _prove(target: Target, since: datetime, tenant: str | None) -> "Proof":
    from kyozon.bootstrap.reading import registry_as_of
    from kyozon.services.simulating import Replayer

    async with target.store() as store:
        return await Replayer(store.policies, registry_as_of).prove(since, tenant)


async def _simulate(target: Target, file: Path, since: datetime, tenant: str | None) -> "Simulated":
    from kyozon.bootstrap.reading import registry_as_of, under
    from kyozon.services.simulating import Replayer

    new = _registry(target, file).installation
    async with target.store() as store:
        replayer = Replayer(store.policies, registry_as_of)
        return await replayer.simulate(lambda basis: under(new, basis), new.policy_version, since, tenant)


def _print_proof(target: Target, proof: "Proof") -> None:
    if target.as_json:
        print_json(proof)
        return
    print_left_out(proof.left_out)
    out.print(
        say(
            f"{proof.same} of {proof.decisions} decisions come out as recorded.",
            f"{proof.decisions} 件のうち {proof.same} 件が記録どおりに再現されました。",
        )
    )
    if proof.unreplayable:
        out.print(
            say(
                f"{proof.unreplayable} were recorded by a version that recorded less, and cannot be replayed.",
                f"{proof.unreplayable} 件は記録項目の少ない版によるもので、再現できません。",
            )
        )
    if proof.uninstalled:
        out.print(
            say(
                f"{proof.uninstalled} cannot be made again by what is installed here:",
                f"{proof.uninstalled} 件は、現在インストールされているものでは再現できません：",
            )
        )
        for text in proof.missing:
            out.print(f"- {text.to(language())}", markup=False)
    for one in proof.different:
        for text in one.differences:
            out.print(f"✗ {one.decision_id}  {text.to(language())}", markup=False)


def _print_simulated(found: "Simulated") -> None:
    examples = {what: ", ".join(ids) or "-" for what, ids in found.examples.items()}
    rules = ", ".join(f"{rule_name(rule).to(language())} {count}" for rule, count in sorted(found.rules.items()))
    rows = [
        [say("decisions", "決定"), str(found.decisions), ""],
        [say("unchanged", "変化なし"), str(found.unchanged), ""],
        [say("refused then", "拒否に変わる"), str(found.refused), examples["refused"] + (f"  ({rules})" if rules else "")],
        [say("allowed then", "許可に変わる"), str(found.allowed), examples["allowed"]],
        [say("answered elsewhere", "別のモデルが応答"), str(found.elsewhere), examples["elsewhere"]],
        [say("not replayable", "再現できない"), str(found.unreplayable), ""],
        [say("cost", "費用"), f"{found.cost_before} → {found.cost_after}", _unpriced(found)],
    ]
    print_table(["", "", ""], rows)


def _unpriced(found: "Simulated") -> str:
    return (
        say(f"without {found.unpriced} of unknown price", f"価格不明の {found.unpriced} 件を除く") if found.unpriced else ""
    )


def _change_row(change: FlowChange) -> list[str]:
    told = say("allowed", "許可される") if change.change == "allowed" else say("forbidden", "禁止される")
    labels = ", ".join(str(label) for label in change.labels)
    rules = [rule_name(rule).to(language()) for rule in change.rules]
    return [told, f"{change.provider}/{change.model}", change.zone, say(", ", "、").join(rules), labels]


def _difference_json(found: PolicyDifference) -> dict[str, Any]:
    flows = [
        {
            "change": change.change,
            "model": change.model,
            "provider": change.provider,
            "zone": change.zone,
            "labels": [str(label) for label in change.labels],
            "rules": change.rules,
        }
        for change in found.flows
    ]
    others = [text.to(language()) for text in found.others]
    return {"old": found.old, "new": found.new, "widens": found.widens, "flows": flows, "others": others}


commands = [policy]
