"""Small GGUF files, written with ggml's own package: models that are all header, adapters, and files that break engines."""

from pathlib import Path

import gguf
import numpy as np

_LAYERS, _WIDTH = 30, 576


def write_model(path: Path, architecture: str = "llama", template: str | None = None, **facts: int) -> Path:
    """A model of 64 weights; `facts` are whole numbers under the architecture's prefix, with `__` for a dot."""
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_license("apache-2.0")
    writer.add_languages(["en", "ja"])
    writer.add_context_length(4096)
    for name, value in facts.items():
        writer.add_uint32(f"{architecture}.{name.replace('__', '.')}", value)
    if template is not None:
        writer.add_chat_template(template)
    writer.add_token_list([f"token-{number}" for number in range(200)])
    writer.add_tensor("token_embd.weight", np.ones((8, 8), dtype=np.float32))
    return _close(writer, path)


def write_aborting_model(path: Path) -> Path:
    """More experts used than there are: the engine's own assertion ends the process that loads it."""
    return write_model(
        path, block_count=1, embedding_length=8, attention__head_count=1, expert_count=2, expert_used_count=4
    )


def write_adapter(path: Path, seed: int, strength: float = 0.5) -> Path:
    """A random LoRA of rank 4 on the query projections of SmolLM2-135M."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    for layer in range(_LAYERS):
        for part, shape in (("a", (4, _WIDTH)), ("b", (_WIDTH, 4))):
            weights = (random.standard_normal(shape) * strength).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.attn_q.weight.lora_{part}", weights)
    return _close(writer, path)


def write_reader(path: Path, pooling: gguf.PoolingType) -> Path:
    """A BERT of one layer with random weights: a vector of 32 numbers for a text, or how well one fits another (`RANK`)."""
    random, width, tokens = np.random.default_rng(0), 32, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += [start + letter for start in ("\u2581", "") for letter in "abcdefghijklmnopqrstuvwxyz0123456789休暇出張"]
    writer = gguf.GGUFWriter(str(path), "bert")
    writer.add_license("mit")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)  # noqa: FBT003 - ggml's own signature
    writer.add_pooling_type(pooling)
    writer.add_token_type_count(2)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    for name, number in {"pad": 0, "unk": 1, "bos": 2, "eos": 3, "sep": 3, "mask": 4}.items():
        getattr(writer, f"add_{name}_token_id")(number)

    def layer(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * 0.3).astype(np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(shape[0], np.float32))

    for name, rows in (("token_embd", len(tokens)), ("token_types", 2), ("position_embd", 128)):
        writer.add_tensor(f"{name}.weight", random.standard_normal((rows, width)).astype(np.float32))
    for name in ("token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"):
        layer(name, width)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        layer(f"blk.0.{name}", width, width)
    layer("blk.0.ffn_up", 2 * width, width)
    layer("blk.0.ffn_down", width, 2 * width)
    if pooling == gguf.PoolingType.RANK:
        layer("cls", width, width)
        layer("cls.output", 1, width)
    return _close(writer, path)


def _close(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
