"""A decision's label and where it came from, in words; documents by their names, for those who may know them."""

from kyozon.cli.speech import aside, language, say
from kyozon.domain.decisions import Decision
from kyozon.domain.knowledge import Named


def label_rows(decision: Decision, documents: tuple[Named, ...]) -> list[list[str]]:
    """Rows of a table: the label with its sources, and the documents in `documents` in lines of their own."""
    colon, told, lines = say(": ", "："), [], []
    for source in decision.label_sources:
        text = source.source.to(language())
        document = next((one for one in documents if text.endswith(one.document)), None)
        if document is None:
            told.append(f"{text}{colon}{source.label}")
        else:
            lines.append(f"{document.filename}{aside(document.document)}{colon}{source.label}")
    rows = [
        [say("label", "ラベル"), f"{decision.label}{aside(say(', ', '、').join(told))}" if told else str(decision.label)]
    ]
    if lines:
        rows.append([say("documents", "文書"), "\n".join(lines).replace("[", r"\[")])
    return rows
