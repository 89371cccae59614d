"""What is really secret, told by canary tokens. Nothing here asks the code under test what a label is or where it goes."""

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

LEVELS = ("public", "internal", "confidential", "restricted")
CANARY = re.compile(r"canary-(\d{4})|taro(\d{4})|0 ?90[- ]?5521[- ]?(\d{4})|hush(\d{4})", re.IGNORECASE)
"""A canary as it stands, and as personal data or a password (`PERSONAL`)."""

PERSONAL = {
    "address": "taro{}@example.com",
    "wide address": "ｔａｒｏ{}＠ｅｘａｍｐｌｅ．ｃｏｍ",
    "telephone": "090-5521-{}",
    "wide telephone": "０９０－５５２１－{}",
    "password": "password: hush{}Zq8x",
}
"""Forms that a canary takes which detectors are to find, by what it then is."""
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")


class Secrecy(Struct, frozen=True):
    """How secret something is, in the oracle's own words."""

    level: int = 0
    compartments: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return "+".join([LEVELS[self.level], *sorted(self.compartments)])

    def with_(self, other: "Secrecy") -> "Secrecy":
        return Secrecy(max(self.level, other.level), self.compartments | other.compartments)


class Place(Struct, frozen=True):
    """What a zone, or a person, may have; no compartments named are all of them."""

    level: int
    compartments: frozenset[str] | None = frozenset()
    region: str | None = None
    trains: bool = False
    host: bool = False
    masked: bool = True

    def may_have(self, secrecy: Secrecy) -> bool:
        if secrecy.level > self.level:
            return False
        if self.compartments is not None and not secrecy.compartments <= self.compartments:
            return False
        if self.host:
            return True
        if "no-train" in secrecy.compartments and self.trains:
            return False
        return "jp-only" not in secrecy.compartments or self.region == "JP"


class Canary(Struct):
    """A token: whose it is, how secret it was declared, and the tokens whose words its own were made from."""

    tenant: str
    secrecy: Secrecy
    made_from: frozenset[str] = frozenset()


class Truth:
    """Every canary there is, and how secret it is today."""

    def __init__(self) -> None:
        self.canaries: dict[str, Canary] = {}
        self.personal: set[str] = set()
        """Those that stand only in a form that detectors find."""

    def plant(self, tenant: str, secrecy: Secrecy, made_from: Iterable[str] = ()) -> str:
        """A new token."""
        token = f"canary-{len(self.canaries):04d}"
        self.canaries[token] = Canary(tenant, secrecy, frozenset(made_from))
        return token

    def secrecy(self, token: str) -> Secrecy:
        """With everything that it was made from."""
        found = self.canaries[token].secrecy
        for source in self.canaries[token].made_from:
            found = found.with_(self.secrecy(source))
        return found

    def of(self, tokens: Iterable[str]) -> Secrecy:
        """All of them together."""
        found = Secrecy()
        for token in tokens:
            found = found.with_(self.secrecy(token))
        return found


def tokens_in(payload: bytes | str) -> set[str]:
    """The canaries in some bytes, in whichever form, width and escape."""
    text = payload if isinstance(payload, str) else payload.decode()
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return {f"canary-{''.join(found)}" for found in CANARY.findall(text)}


def personal(token: str, form: str) -> str:
    """A canary in one of the forms of `PERSONAL`."""
    digits = token.removeprefix("canary-")
    wide = form.startswith("wide")
    return PERSONAL[form].format("".join(chr(ord(digit) + 0xFEE0) for digit in digits) if wide else digits)
