"""Who may begin a release: lowering a label is for people to word and to want, never for what they were told to read."""

from kyozon.domain.decisions import Objection
from kyozon.domain.labels import Integrity, Label
from kyozon.domain.language import Text
from kyozon.domain.tools import untrusted


def may_release(control: Label, wording: Label) -> Objection | None:
    """Objects to a release, or to a request for one, that untrusted words have started or worded (D1).

    `control` is the label of what has decided to ask, `wording` that of what is asked. Grants and tools ask here alike.
    """
    if not untrusted(control) and not untrusted(wording):
        return None
    return Objection(
        "release",
        Integrity.TRUSTED,
        Integrity.UNTRUSTED,
        Text(
            "a release of data was started or worded by a session that has read untrusted words. A person has to ask for "
            "it in words of their own.",
            "信頼できない内容を読んだセッションからは、データ開示の依頼を始めることも、その文面を作ることもできません。"
            "担当者が自分の言葉で依頼してください。",
        ),
    )
