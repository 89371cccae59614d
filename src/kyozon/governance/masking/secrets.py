"""Secrets: keys in their vendors' own forms, private keys, tokens, connection strings, passwords behind their name."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from kyozon.governance.masking.folding import View
from kyozon.governance.masking.spans import Find

_FREE, _ENDS = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_])"
_VENDORS = re.compile(
    _FREE + r"(?:(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|gl(?:pat|ptt|rt|dt|cbt|ft|imt|agent|"
    r"soat)-[A-Za-z0-9_=-]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}"
    r"|(?:sk|pk|rk|whsec)_(?:live|test)?_?[A-Za-z0-9]{16,}|sk-(?:proj-|ant-|or-|svcacct-|admin-|lf-)?[A-Za-z0-9_-]{16,}"
    r"|AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}|1//0[0-9A-Za-z_-]{30,}"
    r"|SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}|(?:AC|SK)[0-9a-f]{32}|key-[0-9a-f]{32}|[0-9a-f]{32}-us[0-9]{1,2}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{20,}|"
    r"gsk_[A-Za-z0-9]{20,}|pplx-[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}"
    r"|do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|EAA[A-Za-z0-9]{30,}|"
    r"lin_api_[A-Za-z0-9]{20,}"
    r"|hv[sbr]\.[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|rubygems_[0-9a-f]{40,}|"
    r"sntry[su]_[A-Za-z0-9=_+/]{30,}|glsa_[A-Za-z0-9_]{30,}"
    r"|(?:figd|PMAK|NRAK|CFPAT|secret|ntn|fo1|tfp|atlasv1|AGE-SECRET-KEY)[_-][A-Za-z0-9_-]{24,}|"
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{0,}|eyJ[A-Za-z0-9_-]{8,}\.{1,2}[A-Za-z0-9_.-]{20,})" + _ENDS
)
_ADDRESSED = re.compile(
    r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}|"
    r"https://discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{20,}"
    r"|https://[a-z0-9.-]+\.webhook\.office\.com/[^\s\"'<>]{20,}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE "
    r"KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_CONNECTION = re.compile(
    r"(?<![A-Za-z0-9+])(?!https?://|ssh://|git://|ftp://)[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,64}:(?!\$|"
    r"<|\{|\*{3})[^\s@\"'<>]{3,128}@[^\s\"'<>`,;)。、）]+",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"(?<=://)[^\s:/@\"'<>]{0,64}:(?P<secret>(?!\$|<|\{|\*{3})[^\s/@\"'<>]{3,128})(?=@[A-Za-z0-9])")
_AUTHORIZATION = re.compile(
    r"(?<![A-Za-z])(?:Bearer|Basic|Token|Digest)\s+(?P<secret>(?=[^\s\"']*[0-9=_.-])[A-Za-z0-9+/_.=-]{16,})(?![A-Za-z0-9])",
    re.IGNORECASE,
)

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret(?:[_-]?(?:key|access[_-]?key|token))?|api[ _-]?(?:key|secret|"
    r"token)|access[ _-]?(?:key|token|secret)(?:[ _-]?id)?|"
    r"auth(?:orization)?[ _-]?(?:key|token)|client[ _-]?secret|private[ _-]?key|account[ _-]?key|shared[ "
    r"_-]?(?:access[ _-]?)?key|signing[ _-]?(?:key|secret)|"
    r"encryption[ _-]?key|session[ _-]?(?:key|token|secret|id)|refresh[ _-]?token|id[ _-]?token|bearer[ "
    r"_-]?token|token|credential|webhook[ _-]?secret|"
    r"master[ _-]?key|license[ _-]?key|connection[ _-]?string|sas[ _-]?token|otp|"
    r"パスワード|パスフレーズ|パスコード|合言葉|秘密鍵|秘密の?キー|シークレット(?:キー)?|API ?キー|"
    r"アクセス(?:キー|トークン)|認証(?:キー|情報|コード|トークン)|"
    r"トークン|共有鍵|暗号(?:化)?(?:キー|鍵)|接続文字列|ログインPW|PW"
)
_ASSIGNED = re.compile(
    rf"(?:{_NAMES})(?:\([^)\n]{{0,12}}\))?[\"'`”]?\s*(?:(?:(?:[:=]|:=|=>|->|→|は|が|を|"
    rf"\bis\b)\s*){{1,2}}|(?=[「『]))(?P<quote>[\"'`“「『]?)"
    r"(?P<secret>(?<=[\"'`“「『])[^\"'`”」』\n]{4,256}(?=[\"'`”」』])|[!-~]{4,256})",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"(?:curl|wget|http)\b[^\n]{0,200}?\s(?:-u|--user)[ =][\"']?[^\s:\"']{1,64}:(?P<secret>[^\s\"']{3,128})"
    r"|(?:mysql|mysqldump|mysqladmin|sshpass)\b[^\n]{0,200}?\s-p(?P<other>[^\s\"']{3,128})"
)
_PIN = re.compile(
    r"(?:暗証番号|PIN(?:コード|番号|[ _-]?code|[ _-]?number)?|ワンタイム(?:パスワード|コード)|確認コード|"
    r"認証コード|セキュリティコード|CVV|CVC)\s*(?:[:=は]|is\b)?\s*(?P<secret>[0-9]{3,8})(?![0-9])",
    re.IGNORECASE,
)
# What stands where a secret would: a variable, a place to fill in, code that fetches it.
_PLACEHOLDER = re.compile(
    r"[*xX•●＊.#_-]{3,}$|<[^>]*>|\$[\{(A-Za-z_]|\{\{|%[A-Z_]+%|\[[A-Z_]+|(?:os\.|process\.|env\b|getenv|"
    r"config|settings|secrets?[.\[]|self\.|request|args\.|None|null|nil|true|false|undefined|"
    r"your|my|the|new|old|example|changeme$|redacted|hidden|masked|placeholder|required|optional|string|str\b|int\b)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9+/=_.%#&?-])[A-Za-z0-9_+/-]{32,200}={0,2}(?![A-Za-z0-9+/=_-])")
_HASH_BEFORE = re.compile(
    r"(?:sha(?:1|256|384|512)|md5|integrity|checksum|digest|hash|etag|base64,|fingerprint|commit)[\s:=\"'-]{0,4}\Z",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?)]}>\"'`。、"
_LEAST_BITS, _LEAST_PASSWORD = 4.3, 6


def find(view: View) -> Iterator[Find]:
    """Everything that opens a door by itself."""
    for start, end in _places(view.text):
        yield Find(start, end, "SECRET")


def _places(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_VENDORS, _ADDRESSED, _PRIVATE_KEY, _CONNECTION):
        for found in pattern.finditer(text):
            yield found.span()
    for pattern in (_USER_IN_URL, _AUTHORIZATION, _PIN):
        for found in pattern.finditer(text):
            yield found.span("secret")
    for found in _COMMAND.finditer(text):
        yield found.span("secret") if found["secret"] else found.span("other")
    for found in _ASSIGNED.finditer(text):
        value = found["secret"] if found["quote"] else _unquoted(found["secret"])
        if _like_a_secret(value):
            yield found.start("secret"), found.start("secret") + len(value)
    for found in _TOKEN.finditer(text):
        if _random(found[0]) and not _HASH_BEFORE.search(text, max(0, found.start() - 16), found.start()):
            yield found.span()


def _unquoted(value: str) -> str:
    """What a value is without what ends its sentence or its list."""
    for stop in ("\\n", '",', "',", "&", ";", "、", "。", "<"):
        value = value.partition(stop)[0]
    return value.rstrip(_TRAILING) if value[-1:] != "!" or len(value) < _LEAST_PASSWORD else value.rstrip(".,;:?)]}>\"'`")


def _like_a_secret(value: str) -> bool:
    """Whether somebody chose or drew these signs: words alone are prose, and names in angle brackets are instructions."""
    if len(value) < _LEAST_PASSWORD or _PLACEHOLDER.match(value) or not value.isascii() or "(" in value:
        return False
    kinds = sum(any(test(sign) for sign in value) for test in (str.isdigit, str.isupper, str.islower, _is_sign))
    return kinds >= 2 and (any(map(str.isdigit, value)) or any(map(_is_sign, value.strip("-_./,")))) and " " not in value  # noqa: PLR2004


def _is_sign(sign: str) -> bool:
    return not sign.isalnum()


def _random(token: str) -> bool:
    """Whether a long run of signs looks drawn by lot. Hexadecimal digits alone are a hash more often than a key."""
    kinds = (any(map(str.isdigit, token)), any(map(str.isupper, token)), any(map(str.islower, token)))
    if not all(kinds) or token.count("/") > 2 or token.count("-") > 3 or token.count("_") > 3:  # noqa: PLR2004
        return False
    counts = Counter(token)
    bits = -sum(count / len(token) * math.log2(count / len(token)) for count in counts.values())
    return bits >= _LEAST_BITS
