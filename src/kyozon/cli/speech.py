"""The language of the command line, taken once from the environment."""

import gettext
import os
from pathlib import Path

from kyozon.domain.language import Language, Text


def language() -> Language:
    """Japanese where `KYOZON_LANG`, or else the locale, says so; English otherwise."""
    for variable in ("KYOZON_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value and value != "auto":
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def speak() -> None:
    """Have click's own words in the language of the command line: gettext, which it asks, goes by `LANGUAGE` first."""
    if language() == "ja":
        os.environ["LANGUAGE"] = "ja"
        gettext.bindtextdomain("messages", str(Path(__file__).parent / "locale"))


def aside(text: str) -> str:
    """In brackets behind something, as each language sets them."""
    return say(f" ({text})", f"（{text}）")


def say(en: str, ja: str) -> str:
    """One of two sentences."""
    return Text(en, ja).to(language())
