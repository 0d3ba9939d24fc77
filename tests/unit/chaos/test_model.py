"""The campaign's model: whose chunk a call is for, and one answer of no use a chunk at most."""

import json

import httpx
import pytest

from tests.chaos.model import PAID, Bookshelf, ChaosGemini
from tests.fakes.gemini import Plan

SENTENCES = {(0, 0): ["Il pleut.", "La mer est haute ce soir."], (0, 1): ["Il pleut.", "Le port dort."]}


def test_sentences_that_stand_in_several_chunks_tell_with_those_beside_them() -> None:
    shelf = Bookshelf(SENTENCES)
    assert shelf.chunk_of(["Il pleut.", "Le port dort."]) == (0, 1)
    assert shelf.chunk_of(["Il pleut."]) is None
    assert shelf.chunk_of(["Nobody wrote this."]) is None
    assert shelf.chunk_of([]) is None


async def ask(model: ChaosGemini, number: int) -> int:
    passage = [{"id": "s1", "texte": text} for text in SENTENCES[0, 1]]
    task = {"passage": passage[1:], "mots_min": 1, "mots_max": 8, "number": number}
    body = {"contents": [{"role": "user", "parts": [{"text": json.dumps(task)}]}]}
    async with httpx.AsyncClient() as http:
        url = f"{model.url}/v1beta/models/gemini:generateContent"
        return (await http.post(url, json=body, headers={"x-goog-api-key": "extractor.0"})).status_code


@pytest.mark.heavy
async def test_one_paid_answer_of_no_use_is_given_for_a_chunk_and_every_call_is_noted() -> None:
    async with ChaosGemini(1, port=0) as model:
        model.shelf = Bookshelf(SENTENCES)
        model.plan = Plan(chances=dict.fromkeys(PAID, 1 / len(PAID)))
        for number in range(5):
            assert await ask(model, number) == 200
        faults = [call.fault for call in model.calls]
        assert faults[0] in PAID
        assert faults[1:] == [None] * 4
        assert {(call.caller, call.chunk) for call in model.calls} == {("extractor.0", (0, 1))}
        assert all(call.paid_at is not None for call in model.calls)
