"""What is taken in: small files of words, and a large PDF whose pages have text and a picture, written as it is made."""

import random
from pathlib import Path
from typing import IO

_WORDS = ("river", "station", "contract", "leave", "budget", "engineer", "harbour", "library", "garden", "invoice")
_PICTURE = (180, 180)
"""Pixels of the picture on each page: 97 kB of noise, which nothing makes smaller."""
_CATALOGUE, _PAGES, _FONT, _FIRST = 1, 2, 3, 4


def small(folder: Path, count: int) -> None:
    """Files of some forty paragraphs, each with words of its own at the end."""
    chance = random.Random(6)  # noqa: S311 - words, no secrets
    folder.mkdir()
    for number in range(count):
        parts = (f"Paragraph {part} of {number}: {' '.join(chance.choices(_WORDS, k=12))}." for part in range(40))
        (folder / f"{number:03}.txt").write_text("\n\n".join((*parts, last_words(number))), "utf-8")


def last_words(number: int) -> str:
    """With which the file of that number ends."""
    return f"Here file {number} ends, and nothing comes after it."


def large(file: Path, pages: int) -> None:
    """A PDF with so many pages."""
    chance = random.Random(7)  # noqa: S311 - as above
    with file.open("wb") as out:
        offsets: dict[int, int] = {}

        def put(number: int, body: bytes) -> None:
            offsets[number] = out.tell()
            out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

        out.write(b"%PDF-1.7\n")
        kids = " ".join(f"{_FIRST + 3 * page} 0 R" for page in range(pages))
        put(_CATALOGUE, b"<< /Type /Catalog /Pages %d 0 R >>" % _PAGES)
        put(_PAGES, f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode())
        put(_FONT, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        for page in range(pages):
            number = _FIRST + 3 * page
            put(number, _page(number))
            put(number + 1, _stream(b"", _content(page, chance)))
            put(number + 2, _picture(chance))
        _end(out, offsets)


def _page(number: int) -> bytes:
    resources = f"/Font << /F {_FONT} 0 R >> /XObject << /P {number + 2} 0 R >>"
    return (
        f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 595 842] /Resources << {resources} >> "
        f"/Contents {number + 1} 0 R >>"
    ).encode()


def _content(page: int, chance: random.Random) -> bytes:
    lines = [f"Page {page + 1} of the register", *(" ".join(chance.choices(_WORDS, k=12)) for _ in range(30))]
    shown = "".join(f"({line}.) Tj T*\n" for line in lines)
    return f"BT /F 10 Tf 14 TL 60 780 Td\n{shown}ET\nq 90 0 0 90 60 60 cm /P Do Q\n".encode()


def _picture(chance: random.Random) -> bytes:
    width, height = _PICTURE
    about = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8"
    return _stream(about.encode(), chance.randbytes(3 * width * height))


def _stream(about: bytes, body: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (about, len(body), body)


def _end(out: IO[bytes], offsets: dict[int, int]) -> None:
    at = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    count = len(offsets) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, rows))
    out.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, _CATALOGUE, at))
