import pkgutil

import pytest

from kyozon.cli.objections import objection_said
from kyozon.domain.decisions import Exclusion
from kyozon.governance import rules


def test_a_request_that_is_too_long_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Exclusion("context", "about 2554 tokens", "128 tokens")
    assert objection_said(found) == "context: about 2554 tokens, reads 128"
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert objection_said(found) == "文脈長：約 2554 トークン、読めるのは 128 トークン"


def test_other_rules_say_what_was_needed_and_what_was_there() -> None:
    assert objection_said(Exclusion("region", "JP", "US")) == "region: JP ≠ US"


@pytest.mark.parametrize(
    ("have", "english", "japanese"),
    [
        ("internal", "it takes up to internal", "受け取れるのは internal まで"),
        ("internal+pii", "it takes up to internal+pii", "受け取れるのは internal+pii まで"),
        ("unknown", "and what it may take is unknown", "受け取れる範囲は不明"),
    ],
)
def test_how_much_a_model_may_be_given_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, have: str, english: str, japanese: str
) -> None:
    found = Exclusion("clearance", "confidential+hr", have)
    assert objection_said(found) == f"clearance: the request is confidential+hr, {english}"
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert objection_said(found) == f"取り扱い範囲：この要求は confidential+hr、{japanese}"


@pytest.mark.parametrize(
    ("found", "japanese"),
    [
        (Exclusion("reader", "confidential+hr", "unknown"), "キーの取り扱い範囲：confidential+hr ≠ 不明"),
        (Exclusion("credential", "OPENAI_API_KEY", "not set"), "API キー：OPENAI_API_KEY ≠ 未設定"),
        (Exclusion("kind", "chat", "embedding"), "種別：チャット ≠ 埋め込み"),
        (Exclusion("training", "trains = false", "not stated"), "学習利用：trains = false ≠ 明示なし"),
        (
            Exclusion("grant", "a grant for this very request", "differs in used"),
            "許可書：この要求への許可書 ≠ 使用済みです",
        ),
        (Exclusion("office-hours", "09:00", "22:00"), "office-hours：09:00 ≠ 22:00"),
    ],
)
def test_in_japanese_rules_have_japanese_names(monkeypatch: pytest.MonkeyPatch, found: Exclusion, japanese: str) -> None:
    assert objection_said(found) == f"{found.rule}: {found.need} ≠ {found.have}"
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert objection_said(found) == japanese


@pytest.mark.parametrize("rule", [module.name for module in pkgutil.iter_modules(rules.__path__)])
def test_every_rule_that_comes_along_has_one(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    monkeypatch.setenv("KYOZON_LANG", "ja")
    assert not objection_said(Exclusion(rule, "", "")).startswith(rule)
