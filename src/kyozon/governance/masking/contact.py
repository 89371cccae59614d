"""E-mail addresses, and addresses of computers that stand for a person."""

import ipaddress
import re
from collections.abc import Iterator

from kyozon.governance.masking.contexts import near
from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+/-])(?!(?:git|svn|hg)@)[A-Za-z0-9_%+](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_%+-])?"
    r"(?:@| ?[\[(](?:at|アット|@)[\])] ?)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.| "
    r"?[\[(](?:dot|ドット)[\])] ?)){1,6}[A-Za-z]{2,24}(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![\w.:/])(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9]|/[0-9])|"
    r"(?=[0-9A-Fa-f]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{6,39}(?![\w:/]))"
)
# Servers have addresses, too; only of a client's does anybody say so in such words.
_CLIENT = re.compile(
    r"アクセス元|接続元|送信元|発信元|利用者|ユーザー?の|会員|ログイン|IP ?アドレス|client|remote|visitor|"
    r"login|logged|signed in|"
    r"\buser\b|forwarded|peer|ip ?addr|\bIP\b",
    re.IGNORECASE,
)


def find(view: View) -> Iterator[Find]:
    """E-mail addresses; of internet addresses those in public use that a person is said to come from."""
    for found in _EMAIL.finditer(view.text):
        yield Find(found.start(), found.end(), "EMAIL")
    for found in _ADDRESS.finditer(view.text):
        if _public(found[0]) and near(view, found.start(), found.end(), _CLIENT):
            yield Find(found.start(), found.end(), "IP_ADDRESS")


def _public(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
