"""What the tests of all engines over HTTP share."""

import pytest

from extractor.engines.port import BadAnswerError, ModelRefusalError, OverloadedError, RewriteEngine
from extractor.extraction import Extraction
from feuilleton.contracts.documents import Checkpoint
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from feuilleton.contracts.job_settings import Engine
from tests.fakes.models.plan import Fault
from tests.unit.extractor.scripted_engine import a_long_sentence, a_rewrite_request, a_text_chunk

MODEL = "mistral-small"
TIMEOUT_SECONDS = 3.0  # far above what an answer takes on a busy machine
FAILURES = [
    (Fault.QUOTA, QuotaExceededError, "quota_exceeded"),
    (Fault.SERVER_ERROR, TransientError, "model_unavailable"),
    (Fault.UNAVAILABLE, OverloadedError, "model_unavailable"),
    (Fault.DISCONNECT, TransientError, "model_unavailable"),
    (Fault.HANG, TransientError, "model_timeout"),
    (Fault.TRICKLE, TransientError, "model_timeout"),
    (Fault.BAD_KEY, PipelineError, "model_auth"),
    (Fault.FORBIDDEN, PipelineError, "model_auth"),
    (Fault.NO_MODEL, PipelineError, "model_not_found"),
    (Fault.BAD_REQUEST, PipelineError, "bad_request"),
    (Fault.BLOCKED_PROMPT, ModelRefusalError, "safety"),
    (Fault.NOT_JSON, BadAnswerError, "bad_answer"),
    (Fault.WRONG_SHAPE, BadAnswerError, "bad_answer"),
    (Fault.HTML, BadAnswerError, "bad_answer"),
    (Fault.NO_ROOM, ModelRefusalError, "max_tokens"),
    (Fault.SAFETY, ModelRefusalError, "safety"),
]
FATAL = (Fault.BAD_KEY, Fault.FORBIDDEN, Fault.NO_MODEL, Fault.BAD_REQUEST)
LONG = tuple(a_long_sentence(number) for number in range(24))
CHUNKS = {
    Engine.GEMINI: a_text_chunk(LONG),
    Engine.OPENAI: a_text_chunk(LONG).model_copy(update={"engine": Engine.OPENAI, "model": MODEL}),
}


async def failure_of(engine: RewriteEngine) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        await engine.rewrite(a_rewrite_request())
    return caught.value


async def extract(engine: RewriteEngine) -> Checkpoint:
    """As the extractor does: tried until it gives a checkpoint."""
    extraction = Extraction(CHUNKS[engine.name], engine)
    while True:
        try:
            return await extraction.run()
        except TransientError:
            continue
