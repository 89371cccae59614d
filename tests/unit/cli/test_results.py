from pathlib import Path

import pytest

from kyozon.cli.results import FEWEST, read_results
from kyozon.domain.errors import InvalidRequest
from kyozon.routing.estimating.joining import Result


def file_of(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def lines_of(count: int) -> str:
    return "".join(f'{{"prompt": "{number}", "score": 1}}\n' for number in range(count))


def test_json_lines_and_csv_say_the_same(tmp_path: Path) -> None:
    row = '\n{{"prompt": "四国は?{}", "score": 0.5, "output_tokens": 7}}\n'
    lines = file_of(tmp_path, "a.jsonl", "".join(map(row.format, range(FEWEST))))
    text = "prompt,score,output_tokens,note\n" + "".join(f"四国は?{n},0.5,7,x\n" for n in range(FEWEST))
    table = file_of(tmp_path, "a.csv", "\ufeff" + text)
    as_excel_saves_it = tmp_path / "b.csv"
    as_excel_saves_it.write_bytes(text.replace("\n", "\r\n").encode("cp932"))

    expected = [Result(f"四国は?{n}", 0.5, 7) for n in range(FEWEST)]
    assert read_results(lines) == read_results(table) == read_results(as_excel_saves_it) == expected


def test_a_prompt_of_several_lines_and_an_unknown_length_are_read(tmp_path: Path) -> None:
    rows = "".join(f'"one\n{number}",1,\n' for number in range(FEWEST))
    table = file_of(tmp_path, "a.csv", "prompt,score,output_tokens\n" + rows)

    assert read_results(table)[0] == Result("one\n0", 1.0, None)


def test_results_of_equal_prompts_are_one_result(tmp_path: Path) -> None:
    again = '{"prompt": "0 ", "score": 0, "output_tokens": 9}\n' * 3
    results = read_results(file_of(tmp_path, "a.jsonl", lines_of(FEWEST) + again))
    assert results[0] == Result("0", 0.25, 9)
    assert len(results) == FEWEST

    with pytest.raises(InvalidRequest, match="results of 1 different prompts"):
        read_results(file_of(tmp_path, "b.jsonl", '{"prompt": "a", "score": 1}\n' * 30))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", '{"prompt": "a", "score": 2}\n', "line 1: the score is 2"),
        ("a.jsonl", '{"prompt": "a", "score": 1}\n\n{"prompt": "a"}\n', "line 3: Object missing required field `score`"),
        ("a.jsonl", "prompt,score\n", "line 1: no JSON"),
        ("a.jsonl", lines_of(FEWEST - 1), "results of 9 different prompts say next to nothing"),
        ("a.csv", "question,score\na,1\n", "line 2: Object missing required field `prompt`"),
        ("a.csv", "prompt,score\na,good\n", "line 2: Expected `float`"),
        ("a.csv", "prompt,score\na,nan\n", "line 2: the score is nan"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as error:
        read_results(file_of(tmp_path, name, text))

    assert error.value.text.ja != error.value.text.en


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    binary, latin = tmp_path / "b.jsonl", tmp_path / "c.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    latin.write_bytes("prompt,score\nétét,1\n".encode("latin-1"))
    for path, says in (
        (tmp_path / "none.jsonl", "No such file"),
        (binary, "Save it as UTF-8"),
        (latin, "Save it as UTF-8"),
    ):
        with pytest.raises(InvalidRequest, match=f"{path.name}: .*{says}"):
            read_results(path)
