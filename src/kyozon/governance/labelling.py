"""The label of a request: the join of everything that stands in its context."""

from collections.abc import Sequence

from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import Integrity, Label, LabelSource
from kyozon.domain.language import Text

INSTALLATION_DEFAULT = Text("default of this installation", "この環境の既定")
"""Where a label comes from that nobody has stated: under another policy it may be another one."""


def request_label(declared: Label | None, key: ApiKey, tenant_default: Label) -> tuple[Label, tuple[LabelSource, ...]]:
    """The effective label and where each part came from.

    What the caller declares stands for the request's words; where nothing is declared the key's default does, and where the
    key has none the tenant's. The key's floor is always joined: a caller cannot declare below it. The words of a request
    are untrusted whoever sent them.
    """
    if declared is not None:
        stated = LabelSource(Text("declared by the caller", "呼び出し側の宣言"), declared)
    elif key.default_label is not None:
        stated = LabelSource(Text(f"default of key {key.id}", f"キー {key.id} の既定"), key.default_label)
    else:
        stated = LabelSource(INSTALLATION_DEFAULT, tenant_default)
    sources = [stated]
    if key.label_floor is not None:
        sources.append(LabelSource(Text(f"floor of key {key.id}", f"キー {key.id} の下限"), key.label_floor))
    return joined(sources), tuple(sources)


def joined(sources: Sequence[LabelSource]) -> Label:
    """The label of words with these sources, of which there is at least one; words are untrusted."""
    label = Label(sources[0].label.level, sources[0].label.compartments, Integrity.UNTRUSTED)
    for source in sources[1:]:
        label = label.join(source.label)
    return label
