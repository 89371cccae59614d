"""The label of a request: the join of everything that stands in its context."""

from kyozon.domain.callers import ApiKey
from kyozon.domain.labels import Integrity, Label, LabelSource


def request_label(declared: Label | None, key: ApiKey, tenant_default: Label) -> tuple[Label, tuple[LabelSource, ...]]:
    """The effective label and where each part came from.

    What the caller declares stands for the request's words; where nothing is declared the key's default does, and where the
    key has none the tenant's. The key's floor is always joined: a caller cannot declare below it. The words of a request
    are untrusted whoever sent them.
    """
    if declared is not None:
        stated = LabelSource("declared by the caller", declared)
    elif key.default_label is not None:
        stated = LabelSource(f"default of key {key.name}", key.default_label)
    else:
        stated = LabelSource("default of this installation", tenant_default)
    sources = [stated]
    if key.label_floor is not None:
        sources.append(LabelSource(f"floor of key {key.name}", key.label_floor))
    label = Label(sources[0].label.level, sources[0].label.compartments, Integrity.UNTRUSTED)
    for source in sources[1:]:
        label = label.join(source.label)
    return label, tuple(sources)
