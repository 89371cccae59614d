"""`kyozon knowledge`: a small corpus in two languages is measured, kept, spoilt, and found to be worse."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Rented
from tests.e2e.installation import RunningKyozon
from tests.fakes.upstream import Behaviour

WORDS = {
    "leave.md": "# Leave\n\nEverybody has 20 days of paid leave a year.",
    "trains.md": "# Trains\n\nCommuter passes are paid for up to six months.",
    "passwords.md": "# Passwords\n\nPasswords must be at least 14 characters long.",
    "guests.md": "# Visitors\n\nVisitors wear a badge and are met at the gate.",
    "出張.md": "# 出張\n\n出張の申請は出発の3営業日前までに行う。",
    "経費.md": "# 経費\n\n5万円を超える経費は部長の承認が必要である。",
    "育児.md": "# 育児休業\n\n育児休業は子が1歳に達するまで取得できる。",
    "健診.md": "# 健康診断\n\n健康診断は毎年10月に実施する。",
}
ASKED = {
    "leave.md": "How many days of holiday do I get?",
    "trains.md": "For how long can a commuter pass be bought?",
    "passwords.md": "What length must passwords have?",
    "guests.md": "What do visitors have to wear?",
    "出張.md": "出張はいつまでに申請しますか。",
    "経費.md": "高い経費は誰が承認しますか。",
    "育児.md": "育児休業はいつまで取れますか。",
    "健診.md": "健康診断は何月ですか。",
}


MOON = {"question": "How far away is the moon?", "unanswerable": True}
LEAVE = "Everybody has 20 days of paid leave a year."


class Office:
    """Two collections of the same files, a key that reads them, and questions; in `mixed` each has another one's words."""

    def __init__(self, house: RunningKyozon, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.key = house.key("office", "--label", "internal", "--user", "office")
        texts = list(WORDS.values())
        for collection, contents in {"office": texts, "mixed": [*texts[1:], texts[0]]}.items():
            (folder / collection).mkdir()
            for name, text in zip(WORDS, contents, strict=True):
                (folder / collection / name).write_text(text, "utf-8")
            self.said("ingest", str(folder / collection), "-c", collection, "--create", "--label", "internal")
        lines = [
            {"question": ASKED[name], "files": [name], "quote": text.rpartition("\n")[2]} for name, text in WORDS.items()
        ]
        self.questions = self.written("questions.jsonl", *lines, MOON)

    def written(self, name: str, *lines: dict[str, Any]) -> str:
        path = self.folder / name
        path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
        return str(path)

    def said(self, *words: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.house.command(*words, check=check, KYOZON_API_KEY=self.key, **environ)

    def measured(self, *words: str, questions: str = "", collection: str = "office", status: int = 0) -> dict[str, Any]:
        asked = ("knowledge", "eval", "-c", collection, "--questions", questions or self.questions, *words, "--json")
        done = self.said(*asked, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def office(kyozon: RunningKyozon, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(kyozon, tmp_path_factory.mktemp("measured"))


def test_a_corpus_is_measured_and_kept_and_what_makes_it_worse_is_seen(office: Office) -> None:
    kept = office.folder / "baseline.json"
    found = office.measured("--save", str(kept))
    assert found["measures"]["files.recall"] == {"mean": 1.0, "low": 0.6306, "high": 1.0, "count": 8}
    assert found["measures"]["passages.mrr10"]["mean"] > 0.8
    assert {"kyozon", "embedder", "chunking", "most", "dense"} <= set(found["made_with"])
    assert found["made_with"]["collection"] == f"office ({found['collection']})"

    worse = office.measured("--baseline", str(kept), "--most", "5", collection="mixed", status=1)
    assert {"files.mrr10", "passages.recall"} <= set(worse["worse"])
    told = office.said(
        *("knowledge", "eval", "-c", "mixed", "--questions", office.questions, "--against", "office"),
        check=False,
        KYOZON_LANG="ja",
    )
    assert told.returncode == 1
    assert "確実に悪化" in told.stdout


def test_two_settings_are_compared(office: Office) -> None:
    path = office.written("both.jsonl", {"question": "Leave and trains?", "files": ["leave.md", "trains.md"]})
    poorer = office.measured("--most", "1", "--dense", "0", "--compare", "most=10,dense=0.5", questions=path)
    assert (poorer["made_with"]["dense"], poorer["compared_with"]["dense"]) == ("0", "0.5")
    assert poorer["differences"]["files.recall"]["mean"] == -0.5


def test_a_reranker_is_measured_before_it_is_used(office: Office, rented: Rented) -> None:
    found = office.measured("--reranker", "rented-reranker", "--compare", "reranker=none")
    assert (found["made_with"]["reranker"], found["made_with"]["reranked"]) == ("rented-reranker", "8 / 8")
    assert (found["compared_with"]["reranker"], found["compared_with"]["reranked"]) == ("none", "0 / 8")
    assert found["measures"]["files.recall"]["mean"] == 1.0
    asked = [one.json for one in rented.openai.received if one.path.endswith("/rerank")]
    assert {one["model"] for one in asked} == {"rented-reranker"}
    assert sorted(one["query"] for one in asked) == sorted(ASKED.values())


def test_a_file_that_is_not_there_is_named_with_its_line(office: Office) -> None:
    path = office.written("wrong.jsonl", MOON, {"question": "What?", "files": ["gone.md"]})
    refused = office.said("knowledge", "eval", "-c", "office", "--questions", path, check=False)
    assert refused.returncode == 2
    assert "line 2: office has no file 'gone.md'" in refused.stderr


def test_answers_are_measured_and_judged_by_a_judge_that_is_measured_itself(office: Office, rented: Rented) -> None:
    verdicts = [Behaviour(text=word) for _ in range(6) for word in ("YES", "No.")]
    rented.openai.behaviours += [*verdicts, Behaviour(text=f"{LEAVE} [1]"), Behaviour(text="YES")]
    leave = {"question": ASKED["leave.md"], "files": ["leave.md"], "quote": LEAVE, "answer": "20 days"}
    path = office.written("answered.jsonl", leave, MOON)
    found = office.measured("--answers", "--model", "rented-gpt", "--judge", "rented-gpt", questions=path)
    means = {name: one["mean"] for name, one in found["measures"].items()}
    answered = ("given", "grounded", "words", "judged", "refused")
    assert {means[f"answers.{name}"] for name in answered} == {1.0}
    assert (means["citations.files"], means["citations.quotes"]) == (1.0, 1.0)
    assert found["made_with"]["judge agreement"] == "1.00"


def test_questions_are_made_without_a_model_and_can_be_measured_with(office: Office) -> None:
    path = office.folder / "made.jsonl"
    asked = ("knowledge", "questions", "-c", "office", "--out", str(path))
    assert office.said(*asked, "--count", "5").stdout.startswith("5 questions in ")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert {line["synthetic"] for line in lines} == {"extractive"}
    assert len({line["files"][0] for line in lines}) == 5
    assert office.measured(questions=str(path))["measures"]["passages.recall"]["mean"] == 1.0
    assert office.said(*asked, check=False).returncode == 2  # people may have corrected it


def test_a_models_questions_are_kept_where_they_find_their_passage_again(office: Office, rented: Rented) -> None:
    proposed = json.dumps({"question": ASKED["leave.md"], "quote": LEAVE})
    rented.openai.behaviours += [Behaviour(text="no JSON"), *(Behaviour(text=proposed) for _ in WORDS)]
    path = office.folder / "modelled.jsonl"
    asked = ("knowledge", "questions", "-c", "office", "--out", str(path), "--model", "rented-gpt")
    office.said(*asked)
    (line,) = map(json.loads, path.read_text("utf-8").splitlines())
    assert (line["files"], line["synthetic"]) == (["office/leave.md"], "rented-gpt")
    path.unlink()
    rented.openai.behaviours.clear()
    none = office.said(*asked, check=False)  # the model says nothing that could be used
    assert (none.returncode, path.exists()) == (2, False)
