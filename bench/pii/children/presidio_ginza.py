"""Presidio with GiNZA. What it knows of the United States is asked about Japanese texts, too; English has no model."""

from collections.abc import Iterator

from asked import serve
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer.predefined_recognizers import UsPassportRecognizer, UsSsnRecognizer

_engine = NlpEngineProvider(
    nlp_configuration={
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "ja", "model_name": "ja_ginza"}],
        "ner_model_configuration": {"model_to_presidio_entity_mapping": {"Person": "PERSON"}, "labels_to_ignore": []},
    }
).create_engine()
_registry = RecognizerRegistry(supported_languages=["ja"])
_registry.load_predefined_recognizers(languages=["ja"], nlp_engine=_engine)
_registry.add_recognizer(UsSsnRecognizer(supported_language="ja"))
_registry.add_recognizer(UsPassportRecognizer(supported_language="ja"))
_analyzer = AnalyzerEngine(registry=_registry, nlp_engine=_engine, supported_languages=["ja"])


def find(text: str) -> Iterator[tuple[int, int, str]]:
    """Whatever it recognises."""
    return ((one.start, one.end, one.entity_type) for one in _analyzer.analyze(text, language="ja"))


serve(find)
