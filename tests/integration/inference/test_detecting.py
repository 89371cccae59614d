"""The real detectors in their real processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from kyozon.governance.masking.tokens import Tokens
from kyozon.inference.detecting import DetectionProcesses
from kyozon.ports.detection import DetectionFailed
from tests.samples.personal import samples

LONG = "契約は2024年に始まり、担当は営業部でした。\n" * 4000


@pytest.fixture(scope="module")
async def detection() -> AsyncIterator[DetectionProcesses]:
    made = DetectionProcesses(1, 60)
    await made.start()
    yield made
    await made.close()


async def test_what_stands_in_the_samples_is_found(detection: DetectionProcesses) -> None:
    wanted = samples()
    found = await asyncio.gather(*(detection.find([one.text]) for one in wanted))

    pairs = [
        ({(s.start, s.end, s.kind) for s in spans}, set(one.spans)) for (spans,), one in zip(found, wanted, strict=True)
    ]
    everything = sum(len(gold) for _, gold in pairs)
    assert sum(len(made & gold) for made, gold in pairs) >= 0.97 * everything
    assert sum(len(made - gold) for made, gold in pairs) <= 0.03 * everything
    assert sum(bool(made) for made, gold in pairs if not gold) <= 2


async def test_names_need_the_dictionary_and_say_so(detection: DetectionProcesses) -> None:
    (found,) = await detection.find(["髙島凛空様からの電話は090-1234-5678へ"])
    assert [(span.kind, span.detector, span.start, span.end) for span in found] == [
        ("PERSON", "names", 0, 4),
        ("PHONE", "rules", 11, 24),
    ]


async def test_what_was_found_once_is_found_everywhere(detection: DetectionProcesses) -> None:
    found = await detection.find(["氏名：御手洗 健太郎", "御手洗 健太郎は山へ", "x御手洗 健太郎x"])
    assert [len(spans) for spans in found] == [1, 1, 1]


async def test_masked_samples_pass_the_second_look(detection: DetectionProcesses) -> None:
    texts = [one.text for one in samples() if one.spans]
    finds = await asyncio.gather(*(detection.find([text]) for text in texts))
    held_back = 0
    for text, (spans,) in zip(texts, finds, strict=True):
        tokens = Tokens([text])
        masked = tokens.masked(text, spans)
        held_back += bool(await detection.leftovers([masked], list(tokens.values.values())))
    assert held_back <= 0.03 * len(texts)


@pytest.mark.parametrize(
    ("left", "check"),
    [
        ("マイナンバー 123456789018", "privacy-masker"),
        ("カード番号 4111-1111-1111-1111", "privacy-masker"),
        ("key AKIAIOSFODNN7EXAMPLE", "key-literals"),
        ("-----BEGIN RSA PRIVATE KEY-----", "key-literals"),
        ("Baker Street", "residue"),
    ],
)
async def test_the_second_look_sees_for_itself(detection: DetectionProcesses, left: str, check: str) -> None:
    assert check in await detection.leftovers([f"[PERSON_1] {left}"], ["221b Baker Street"])
    assert await detection.leftovers(["[PERSON_1]", "nothing else"], ["221b Baker Street"]) == []


async def test_texts_of_any_length_are_cut_into_words(detection: DetectionProcesses) -> None:
    text = f"{LONG}最後に鈴木花子さん。"
    (found,) = await detection.find([text])
    assert [text[span.start : span.end] for span in found] == ["鈴木花子"]


async def test_a_question_that_takes_too_long_fails_and_the_next_is_answered() -> None:
    hasty = DetectionProcesses(1, 60)
    try:
        await hasty.start()
        hasty._seconds = 0.02
        with pytest.raises(DetectionFailed, match="timed out"):
            await hasty.find([LONG])
        hasty._seconds = 60
        assert len((await hasty.find(["taro@example.com"]))[0]) == 1
    finally:
        await hasty.close()


async def test_a_process_that_dies_is_replaced() -> None:
    fragile = DetectionProcesses(1, 60)
    try:
        await fragile.start()
        process = fragile._children[0]._process
        assert process is not None
        asking = asyncio.ensure_future(fragile.find([LONG]))
        await asyncio.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(DetectionFailed, match="broke"):
            await asking
        assert len((await fragile.find(["taro@example.com"]))[0]) == 1
    finally:
        await fragile.close()
    assert fragile._children[0]._process is None


async def test_who_leaves_does_not_cost_the_next_one_the_process(detection: DetectionProcesses) -> None:
    process = detection._children[0]._process
    leaving = asyncio.ensure_future(detection.find([LONG + "!"]))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert len((await detection.find(["taro@example.com"]))[0]) == 1
    assert detection._children[0]._process is process


async def test_many_ask_at_once(detection: DetectionProcesses) -> None:
    found = await asyncio.gather(*(detection.find([f"user{n}@example.com"]) for n in range(50)))
    assert all(len(spans) == 1 for (spans,) in found)
