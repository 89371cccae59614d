"""Check digits: each function takes digits alone and says whether the last (or first) of them fits the others."""

_IBAN_LEAST, _IBAN_MOST = 15, 34
_MY_NUMBER, _CORPORATE = 12, 13
_TEN = 10


def only(text: str) -> str:
    """The digits of a text."""
    return "".join(filter(str.isdigit, text))


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, of credit cards and of insurers' numbers."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value >= _TEN else value for value in doubled) % 10 == 0


def my_number(digits: str) -> bool:
    """個人番号: the 12th digit, as the ministry for internal affairs has it computed."""
    if len(digits) != _MY_NUMBER:
        return False
    total = sum(int(digit) * (place + 1 if place <= 6 else place - 5) for place, digit in enumerate(digits[10::-1], 1))  # noqa: PLR2004 - so the rule
    rest = total % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def corporate_number(digits: str) -> bool:
    """法人番号: the first digit, as the ministry of finance has it computed."""
    if len(digits) != _CORPORATE:
        return False
    total = sum(int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[1:]), 1))
    return int(digits[0]) == 9 - total % 9


def iban(text: str) -> bool:
    """ISO 13616, with letters, without blanks."""
    if not _IBAN_LEAST <= len(text) <= _IBAN_MOST:
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def ean(digits: str) -> bool:
    """The GTIN of goods and books, which has thirteen digits as corporate numbers have."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0
