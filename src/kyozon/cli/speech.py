"""The language of the command line, taken once from the environment."""

import os

from kyozon.domain.language import Language, Text


def language() -> Language:
    """Japanese where `KYOZON_LANG`, or else the locale, says so; English otherwise."""
    for variable in ("KYOZON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value and value != "auto":
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def aside(text: str) -> str:
    """In brackets behind something, as each language sets them."""
    return say(f" ({text})", f"（{text}）")


def say(en: str, ja: str) -> str:
    """One of two sentences."""
    return Text(en, ja).to(language())
