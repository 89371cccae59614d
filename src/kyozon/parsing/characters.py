"""From bytes to characters: which encoding a text is in, and which of its characters are no writing at all."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ISO_2022 = re.compile(rb"\x1b(?:\$[@B]|\([JI])")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
# Control characters, marks of direction, invisible ones, tags: nobody sees them, and instructions have been hidden in them.
# The joiners that letters and emoji need (U+200C, U+200D) stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_EXPECTED = re.compile("[ぁ-んァ-ヶー一-龥、。「」]")
_ODD = re.compile("[｡-ﾟ\ue000-\uf8ff\x80-\x9f]")
_SAMPLE = 200_000


def cleaned(text: str) -> str:
    """The text without what is no writing; lines end with a line feed. Nothing is normalised: quotations stay literal."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", _ENDS.sub("\n", text)))


def decoded(raw: bytes, declared: str | None = None) -> str | None:
    """The characters of `raw`, None where it is no text. `declared` is tried first, where it is known and fits."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if (wide := _wide(raw)) is not None:
        return raw.decode(wide, "replace")
    if b"\0" in raw:
        return None
    for tried in (declared, "iso2022_jp_ext" if _ISO_2022.search(raw) else None, "utf-8"):
        if tried is not None and (text := _strictly(raw, tried)) is not None:
            return text
    return _guessed(raw)


def declared_in_page(raw: bytes) -> str | None:
    """The encoding that the head of an HTML page names."""
    found = _DECLARED.search(raw[:4096])
    return found[1].decode("ascii") if found else None


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark, told by where the zero bytes of its ASCII characters and line ends stand."""
    sample = raw[: _SAMPLE & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(sample) < 4 or not (even or odd):  # noqa: PLR2004 - two characters
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = sample.decode(encoding, "replace")
    legible = sum(character.isprintable() or character in "\r\n\t" for character in text)
    return encoding if min(even, odd) * 20 <= max(even, odd) and legible >= 0.98 * len(text) else None


def _strictly(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(_JAPANESE.get(encoding.lower().replace("-", "_"), encoding))
    except (LookupError, UnicodeError, ValueError):
        return None


# What mail and pages call Shift_JIS is what Windows writes: with ①, ㈱ and 髙.
_JAPANESE = {"shift_jis": "cp932", "sjis": "cp932", "x_sjis": "cp932", "ms_kanji": "cp932", "iso_2022_jp": "iso2022_jp_ext"}


def _guessed(raw: bytes) -> str | None:
    """Old Japanese encodings fit each other's bytes at times: the one whose text looks like Japanese wins."""
    found = [text for encoding in ("cp932", "euc_jis_2004") if (text := _strictly(raw, encoding)) is not None]
    likely = max(found, key=_looks_japanese, default=None)
    if likely is not None and _looks_japanese(likely) > 0:
        return likely
    text = raw.decode("cp1252", "replace")
    legible = sum(character.isprintable() or character.isspace() for character in text[:_SAMPLE])
    return text if legible >= 0.97 * min(len(text), _SAMPLE) and "\ufffd" not in text[:_SAMPLE] else None


def _looks_japanese(text: str) -> int:
    sample = text[:_SAMPLE]
    return len(_EXPECTED.findall(sample)) - 2 * len(_ODD.findall(sample))
