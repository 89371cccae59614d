"""The chat model that runs when nobody has chosen one: small, English, a demonstration."""

from kyozon.domain.errors import WorldFailure
from kyozon.inference.store import FileModelStore
from kyozon.ports.local import Progress, Report, StoredModel

DEFAULT_MODEL = "smollm2-135m-instruct"


def prepare_default(store: FileModelStore, report: Report) -> StoredModel:
    """The default chat model, pulled and requantised to Q8_0 where it is not there yet; raises as `ModelStore.pull`.

    The weights come as Q4_1, the slowest format on a processor; as Q8_0 they read prompts nearly twice as fast at no
    measured loss. Where that step fails the model serves as it came.
    """
    model = store.get(DEFAULT_MODEL) or store.pull(DEFAULT_MODEL, None, report)
    try:
        return store.requantise(DEFAULT_MODEL, "Q8_0", report)
    except WorldFailure as failure:
        report(Progress(f"keep {model.files[0]}: {failure.text.en}"))
        return model
