"""What cannot be measured is said before a server is asked."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kyozon.cli.knowledge_corpus import Setting, setting_of
from kyozon.cli.knowledge_eval import evaluate

ASKED = '{"question": "How much leave?", "files": ["leave.md"]}\n'


def said(folder: Path, *words: str, asked: str = ASKED) -> Result:
    (folder / "q.jsonl").write_text(asked, "utf-8")
    (folder / "kept.json").write_text('{"made_with": {}, "scores": {"another": {"files.recall": 1}}}', "utf-8")
    (folder / "broken.json").write_text("{", "utf-8")
    fixed = [word.replace("DIR", str(folder)) for word in words]
    given = ["-c", "office", "--questions", str(folder / "q.jsonl"), "--data-dir", str(folder), *fixed]
    return CliRunner(env={"KYOZON_LANG": "en"}).invoke(evaluate, given)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--compare", "dense=2", "--answers"), "0 ≤ dense ≤ 1"),
        (("--compare", "chunks=3"), "most=N"),
        (("--judge", "gpt"), "--answers"),
        (("--baseline", "DIR/kept.json", "--against", "mixed"), "one thing at a time"),
        (("--baseline", "DIR/kept.json"), "none of these questions"),
        (("--baseline", "DIR/broken.json"), "--save"),
        (("--questions", "DIR/nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_what_contradicts_itself_or_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    found = said(tmp_path, *words)
    assert found.exit_code == 2
    assert why in found.output + capsys.readouterr().err


def test_a_check_that_would_check_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(tmp_path, asked='{"question": "How far is the moon?", "unanswerable": true}\n')
    assert found.exit_code == 2
    assert "--answers" in found.output + capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "why"), [("cp932", "unanswerable"), ("utf-8-sig", "unanswerable"), ("utf-16", "UTF-8")]
)
def test_questions_as_excel_saves_them(tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str, why: str) -> None:
    table = tmp_path / "q.csv"
    table.write_bytes("question,unanswerable\n有給休暇は何日ですか？,true\n".encode(encoding))
    found = said(tmp_path, "--questions", str(table))
    assert found.exit_code == 2
    assert why in found.output + capsys.readouterr().err


def test_settings_are_read_and_the_rest_is_as_usual() -> None:
    usual = Setting(7, 0.25)
    assert setting_of("most=3", usual) == Setting(3, 0.25)
    assert setting_of(" dense=0 , most=50", usual) == Setting(50, 0.0)
    assert Setting(3, 0.0).asked()["ranking_options"]["hybrid_search"] == {"embedding_weight": 0.0, "text_weight": 1.0}
    assert Setting().asked() == {"max_num_results": 10}
    assert setting_of("reranker=bge", usual) == Setting(7, 0.25, "bge")
    assert setting_of("reranker=none,most=3", Setting(reranker="bge")).asked() == {
        "max_num_results": 3,
        "ranking_options": {"ranker": "none"},
    }
