"""A provider that asks for a key cannot be called without one."""

from kyozon.domain.decisions import Objection
from kyozon.domain.language import Text
from kyozon.governance.subject import Subject


def rule(subject: Subject) -> Objection | None:
    """Objects where the variable that should hold the provider's key is empty."""
    variable = subject.credential_missing
    if variable is None:
        return None
    return Objection(
        rule="credential",
        need=variable,
        have="not set",
        text=Text(
            f"provider {subject.provider.id} needs a key: set the environment variable {variable} and start Kyozon again.",
            f"プロバイダー {subject.provider.id} にはキーが必要です。"
            f"環境変数 {variable} を設定して Kyozon を再起動してください。",
        ),
    )
