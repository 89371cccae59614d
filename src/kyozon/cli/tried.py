"""What a version of the estimates on trial had to do with a decision, in a line."""

from kyozon.cli.speech import say
from kyozon.domain.decisions import Trial


def tried(trial: Trial) -> str:
    """Who decided, and what the other version would have chosen."""
    version = trial.version
    if trial.failed:
        return say(f"version {version} abstained", f"バージョン {version} は予測できませんでした")
    if trial.used:
        return say(
            f"decided by version {version}, as {trial.share} % of conversations are; {_other(trial)}",
            f"バージョン {version} による決定（会話の {trial.share} % が対象）、{_other(trial)}",
        )
    return say(f"version {version} was asked, too; {_other(trial)}", f"バージョン {version} にも照会、{_other(trial)}")


def _other(trial: Trial) -> str:
    if not trial.choice:
        return say("no model was permitted", "許可されたモデルなし")
    if not trial.differs:
        return say("the other version would have done the same", "もう一方のバージョンでも同じ選択")
    quality = "-" if trial.quality is None else f"{trial.quality:.2f}"
    cost = "-" if trial.cost is None else f"{trial.cost:.6f}"
    return say(
        f"the other version would have chosen {trial.choice} (quality {quality}, cost {cost})",
        f"もう一方のバージョンなら {trial.choice} を選択（予測品質 {quality}、費用 {cost}）",
    )
