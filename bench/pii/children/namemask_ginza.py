"""namemask with its addresses and GiNZA."""

from collections.abc import Iterator

from asked import serve
from namemask.config import load_config
from namemask.pipeline.build import build_default_pipeline, run_pipeline

_detectors = build_default_pipeline(load_config(), None, use_ner=True, use_address=True)


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Its default pipeline."""
    return ((span.start, span.end, span.type) for span in run_pipeline(text, _detectors, None))


serve(find)
