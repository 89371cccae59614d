"""Libraries that find personal data, each in an environment of its own, asked by a small program of ours."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.peers.environments import python
from bench.pii.texts import Predicted

_CHILDREN = Path(__file__).parent / "children"
_PATIENCE = 3600


class Peer(Struct, frozen=True):
    """What to install, the program that asks it, and what its types are called here; others are not scored."""

    name: str
    program: str
    requirements: tuple[str, ...]
    types: Mapping[str, str]


class _Reply(Struct):
    spans: list[list[Predicted]]
    seconds: list[float]


_GINZA = ("ginza==5.3.0", "ja-ginza==5.3.0")
_PRIVACY_MASKER = {
    "EMAIL": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "POSTAL_CODE": "POSTAL_CODE",
    "CREDIT_CARD": "CREDIT_CARD",
    "MY_NUMBER": "MY_NUMBER",
    "CORPORATE_NUMBER": "CORPORATE_NUMBER",
    "DRIVERS_LICENSE": "DRIVERS_LICENSE",
    "PASSPORT": "PASSPORT",
    "RESIDENCE_CARD": "RESIDENCE_CARD",
    "PENSION_NUMBER": "PENSION_NUMBER",
    "BANK_ACCOUNT": "BANK_ACCOUNT",
}
_NAMEMASK = {"PERSON": "PERSON", "ADDRESS": "ADDRESS", "EMAIL": "EMAIL", "PHONE": "PHONE", "MYNUMBER": "MY_NUMBER"}
_FUSEJI = {
    "PERSON": "PERSON",
    "EMAIL": "EMAIL",
    "JP_PHONE_NUMBER": "PHONE",
    "JP_POSTAL_CODE": "POSTAL_CODE",
    "CREDIT_CARD": "CREDIT_CARD",
    "MY_NUMBER": "MY_NUMBER",
    "CORPORATE_NUMBER": "CORPORATE_NUMBER",
}
_PRESIDIO = {
    "PERSON": "PERSON",
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "SSN",
    "US_PASSPORT": "PASSPORT",
}
_SCRUBADUB = {
    "email": "EMAIL",
    "phone": "PHONE",
    "credit_card": "CREDIT_CARD",
    "social_security_number": "SSN",
    "date_of_birth": "DATE_OF_BIRTH",
    "postalcode": "POSTAL_CODE",
    "credential": "SECRET",
}

PEERS = (
    Peer("privacy-masker", "privacy_masker_rules.py", ("privacy-masker==0.12.0",), _PRIVACY_MASKER),
    Peer("namemask+ginza", "namemask_ginza.py", ("namemask==0.1.0", *_GINZA), _NAMEMASK),
    Peer("fuseji+ginza", "fuseji_ginza.py", ("fuseji==0.1.0", *_GINZA), _FUSEJI),
    Peer("presidio+ginza", "presidio_ginza.py", ("presidio-analyzer==2.2.366", *_GINZA), _PRESIDIO),
    Peer("scrubadub", "scrubadub_rules.py", ("scrubadub==2.0.1", "setuptools<81"), _SCRUBADUB),
)


def looked_through(
    peer: Peer, texts: Sequence[str], rounds: int, cache: Path
) -> tuple[tuple[tuple[Predicted, ...], ...], float]:
    """What a peer finds in each text, and its milliseconds of processor time for 1,024 bytes, of the fastest round."""
    interpreter = python(cache, f"pii-{peer.name}", peer.requirements)
    question = msgspec.json.encode({"texts": list(texts), "rounds": min(rounds, 2)})
    print(f"… {peer.name}", file=sys.stderr, flush=True)
    command = [str(interpreter), str(_CHILDREN / peer.program)]
    done = subprocess.run(command, input=question, capture_output=True, check=True, timeout=_PATIENCE)
    reply = msgspec.json.decode(done.stdout.splitlines()[-1], type=_Reply)
    spans = tuple(
        tuple(Predicted(one.start, one.end, peer.types[one.type]) for one in made if one.type in peer.types)
        for made in reply.spans
    )
    return spans, min(reply.seconds) * 1000 / (sum(len(text.encode()) for text in texts) / 1024)
