"""`kyozon route`, of versions of the estimates: try one, see what speaks for it, move it on, go back."""

import asyncio
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from kyozon.cli.options import Target, installation
from kyozon.cli.output import out, print_json
from kyozon.cli.route import route
from kyozon.cli.speech import language, say
from kyozon.cli.versions_page import Versions, checked, moved, print_versions
from kyozon.domain.errors import InvalidRequest
from kyozon.domain.language import Text
from kyozon.domain.rollout import LARGEST, LONGEST, Rollout

if TYPE_CHECKING:
    from kyozon.ports.quality import Estimator

_REASON = say(
    f"Why, in at most {LONGEST} characters. It stays in the audit log for good: name nobody.",
    f"理由（{LONGEST} 文字まで）。監査ログに残り削除できないため、個人名は書かないでください。",
)


@route.command(
    "try",
    help=say(
        "Try FILE as the estimates: asked in the shadow, then followed for a share, then for all, if it earns it.",
        "FILE の予測モデルを試します。シャドー、一部、全体の順に、基準を満たしたときだけ適用されます。",
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--note", default="", help=say("What it is.", "バージョンの説明。"))
@click.option(
    "--share",
    type=click.IntRange(1, 99),
    help=say(
        "Of a hundred conversations, so many; by default the settings'.", "適用する会話の割合（%）。省略時は設定の値。"
    ),
)
@installation
def try_(target: Target, file: Path, note: str, share: int | None) -> None:
    """Begin a trial; running servers take part within seconds."""
    found = asyncio.run(_begun(target, file, note, share))
    if target.as_json:
        print_json(found)
        return
    out.print(
        say(
            f"Version {found.version} is asked in the shadow of {found.instead} now; nothing else changes yet. "
            "kyozon route versions shows how it does.",
            f"バージョン {found.version} を、使用中の {found.instead} のシャドーとして試行中です。動作はまだ変わりません。"
            "経過は kyozon route versions で確認できます。",
        )
    )


@route.command(
    help=say(
        "Which version of the estimates is followed, which is being tried, and what speaks for it.",
        "使用中の予測モデルのバージョン、試行中のバージョンとその根拠を示します。",
    )
)
@click.option("--check", is_flag=True, help=say("Let the gate look now, and act.", "いま判定し、結果を反映します。"))
@installation
def versions(target: Target, check: bool) -> None:  # noqa: FBT001 - click's
    """The gate looks each minute by itself, on one of the servers."""
    found = asyncio.run(_looked(target, check=check))
    if target.as_json:
        print_json(_as_json(found))
        return
    if check:
        out.print(checked(found.look), markup=False)
        out.print()
    print_versions(found)


@route.command(
    help=say("Move the version on trial one stage on, by your word.", "試行中のバージョンを手動で次の段階へ進めます。")
)
@click.option("--reason", required=True, help=_REASON)
@installation
def promote(target: Target, reason: str) -> None:
    """Whatever the gate still misses; the reason stands on record."""
    _told(target, asyncio.run(_moved(target, reason, on=True)))


@route.command(
    help=say(
        "End the trial; where there is none, return to the version before, at last to the settings' own.",
        "試行を終了します。試行中でなければ、一つ前のバージョン（最後は設定の予測モデル）に戻します。",
    )
)
@click.option("--reason", default="", help=_REASON)
@installation
def back(target: Target, reason: str) -> None:
    """All servers follow within seconds."""
    _told(target, asyncio.run(_moved(target, reason, on=False)))


async def _begun(target: Target, file: Path, note: str, share: int | None) -> Rollout:
    from kyozon.bootstrap.rolling import rolling_out, terms_of
    from kyozon.services.rolling_out import Proposal

    settings, own = target.settings(), _own(target)
    body, version = _file(file)
    terms = terms_of(settings)
    terms = terms if share is None else structs.replace(terms, share=share)
    async with target.store() as store:
        rolling = rolling_out(settings, store)
        whole = (await rolling.standing()).whole
        return await rolling.begin(Proposal(version, body, whole.version if whole else own, _who(), note, terms))


async def _looked(target: Target, *, check: bool) -> Versions:
    from kyozon.bootstrap.rolling import rolling_out

    own = _own(target)
    async with target.started() as store:
        rolling = rolling_out(target.settings(), store)
        look = await rolling.check() if check else None
        return Versions(own, tuple(await rolling.all()), look)


def _as_json(found: Versions) -> dict[str, Any]:
    look = found.look
    told = look and {"before": look.before, "act": look.ruling.act, "reasons": look.ruling.reasons}
    missing = [text.to(language()) for text in found.missing]
    return {"followed": found.followed, "own": found.own, "rollouts": found.rollouts, "missing": missing, "look": told}


async def _moved(target: Target, reason: str, *, on: bool) -> Rollout:
    from kyozon.bootstrap.rolling import rolling_out

    async with target.started() as store:
        rolling = rolling_out(target.settings(), store)
        return await (rolling.promote if on else rolling.back)(_who(), reason)


def _own(target: Target) -> str:
    """The version of the settings' own estimates; raises `InvalidRequest` where the router asks for none."""
    _, registry = target.models()
    own: Estimator | None = registry.installation.estimator
    if own is None:
        raise InvalidRequest(
            Text(
                "[routing] router asks for no estimates. Set it to measured first.",
                "[routing] router は予測を使わない設定です。先に measured にしてください。",
            )
        )
    return own.version


def _file(file: Path) -> tuple[bytes, str]:
    """The bytes of a version, and its name; raises `InvalidRequest` where it cannot be used."""
    from kyozon.bootstrap.rolling import version_of

    try:
        with file.open("rb") as opened:
            body = opened.read(LARGEST + 1)
        return body, version_of(body).version
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            Text(
                f"{file} is no file of estimates ({error}). kyozon route learn or kyozon route join writes one.",
                f"{file} は予測モデルのファイルではありません（{error}）。"
                "kyozon route learn または kyozon route join で作成できます。",
            )
        ) from error


def _who() -> str:
    """Who acts: the account of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return ""


def _told(target: Target, found: Rollout) -> None:
    if target.as_json:
        print_json(found)
        return
    out.print(moved(found))
