"""The second detectors: other people's rules, and another way to see a key. They look at what the first has left."""

import re
from collections.abc import Iterator

from kyozon.governance.masking.tokens import without_tokens

RULES = "privacy-masker"
LITERALS = "key-literals"

_SURE = 0.85
"""A number whose check digit fits by chance one time in ten scores less unless its surroundings say what it is."""
_NOBODY = frozenset({"URL", "MAC_ADDRESS", "IP_ADDRESS", "POSTAL_CODE"})
_KEYS = re.compile(
    r"-----BEGIN[A-Z ]*PRIVATE KEY|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12}|(?<![A-Za-z0-9])(?:ghp_|gho_|"
    r"ghs_|github_pat_|glpat-|xox[abp]-|"
    r"sk-ant-|sk-proj-|sk_live_|rk_live_|AIza|npm_|hf_|SG\.)[A-Za-z0-9_-]{8}|eyJ[A-Za-z0-9_-]{10,}\.eyJ"
)


class SecondLook:
    """privacy-masker's rules (MIT), which share no line with the first detector, and the literals that keys begin with."""

    checks = (RULES, LITERALS)

    def __init__(self) -> None:
        from privacy_masker.detectors import RegexDetector  # noqa: PLC0415 - only the process that looks at texts loads it

        self._rules = RegexDetector.default_ja()

    def finds(self, text: str) -> Iterator[str]:
        """The names of the checks that find something in `text` besides tokens."""
        plain = without_tokens(text)
        if any(found.score >= _SURE and found.entity_type not in _NOBODY for found in self._rules.detect(plain)):
            yield RULES
        if _KEYS.search(plain):
            yield LITERALS
