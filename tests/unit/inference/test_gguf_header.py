import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kyozon.domain.errors import InvalidRequest
from kyozon.inference.gguf_header import Header, read_header
from tests.fakes.small_gguf import write_model

_SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def test_it_reads_what_ggmls_own_package_wrote(tmp_path: Path) -> None:
    header = read_header(
        write_model(
            tmp_path / "m.gguf", template="{{ tools }}", block_count=3, attention__head_count=4, embedding_length=32
        )
    )
    assert header.architecture == "llama"
    assert header.text("general.license") == "apache-2.0"
    assert header.text("tokenizer.chat_template") == "{{ tools }}"
    assert header.metadata["general.languages"] == ("en", "ja")
    assert header.number("context_length") == 4096
    assert header.parameters == 64
    assert "tokenizer.ggml.tokens" not in header.metadata


def test_the_cache_of_a_token_is_counted_from_the_heads() -> None:
    facts = {"block_count": 30, "attention.head_count": 9, "attention.head_count_kv": 3, "embedding_length": 576}
    header = Header({"general.architecture": "llama", **{f"llama.{name}": value for name, value in facts.items()}}, 1)
    assert header.cache_bytes_per_token == 30 * 3 * (64 + 64) * 2


def test_layers_that_differ_count_by_their_largest() -> None:
    header = Header({"general.architecture": "x", "x.attention.head_count_kv": (0, 8, 2)}, 1)
    assert header.number("attention.head_count_kv") == 8


def test_a_cache_that_cannot_be_told_is_zero() -> None:
    assert Header({}, 1).cache_bytes_per_token == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"PK\x03\x04 a zip",
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 2**63),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 2**40),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 3) + struct.pack("<IQ", 9, 1) * 3,
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 1) + b"t" + struct.pack("<I", 4_000_000),
    ],
)
def test_absurd_files_are_refused_and_not_believed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "absurd.gguf"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=r"absurd\.gguf is not a usable GGUF"):
        read_header(path)


def test_a_file_cut_before_its_last_tensor_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:-260])
    with pytest.raises(InvalidRequest, match="cut off"):
        read_header(path)


@_SHARED_FOLDER
@given(content=st.binary(max_size=200))
def test_any_bytes_after_the_magic_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    _read_or_refuse(tmp_path, b"GGUF\x03\x00\x00\x00" + content)


@_SHARED_FOLDER
@given(place=st.integers(0, 1200), byte=st.integers(0, 255))
def test_a_flipped_byte_is_read_or_refused(tmp_path: Path, place: int, byte: int) -> None:
    content = bytearray(write_model(tmp_path / "whole.gguf", block_count=2).read_bytes())
    content[place % len(content)] = byte
    _read_or_refuse(tmp_path, bytes(content))


def _read_or_refuse(folder: Path, content: bytes) -> None:
    path = folder / "any.gguf"
    path.write_bytes(content)
    try:
        assert read_header(path).parameters >= 0
    except InvalidRequest as error:
        assert error.param == "source"  # noqa: PT017 - both ends are right, a crash is wrong


def test_a_japanese_reader_is_told_in_japanese(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"no such file")
    with pytest.raises(InvalidRequest) as refused:
        read_header(tmp_path / "m.gguf")
    assert "先頭が GGUF ではありません" in refused.value.message("ja")
