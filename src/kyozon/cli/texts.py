"""Text files that people bring to a command, in the encodings that their programs write."""

import re

_KANA = re.compile("[ぁ-ヿ]")


def text_of(raw: bytes) -> str | None:
    """The text in UTF-8, or in Shift_JIS as Excel saves CSV in Japan, told from other encodings by its kana; else None."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "cp932" or _KANA.search(text):
            return text
    return None
