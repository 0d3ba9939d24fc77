import pytest

from feuilleton.contracts.job_settings import Engine, EngineChoice, JobSettings, ModelTier
from ingest.admission import EngineTable, fingerprint, read_settings
from ingest.errors import EngineNotAvailableError, InvalidSettingsError
from ingest.upload_body import ReceivedFile

MODELS = {ModelTier.QUALITY: "pro", ModelTier.BALANCED: "flash", ModelTier.SPEED: "lite"}


def test_auto_takes_the_first_engine_of_the_deployment() -> None:
    table = EngineTable((Engine.GEMINI, Engine.LOCAL), MODELS)
    assert table.choose(JobSettings(model=ModelTier.SPEED)) == (Engine.GEMINI, "lite")
    assert table.choose(JobSettings(engine=EngineChoice.LOCAL)) == (Engine.LOCAL, "local")


def test_an_engine_that_is_not_there_is_never_replaced_by_another() -> None:
    table = EngineTable((Engine.LOCAL,), MODELS)
    for choice in (EngineChoice.GEMINI, EngineChoice.OPENAI):
        with pytest.raises(EngineNotAvailableError):
            table.choose(JobSettings(engine=choice))


def test_settings_come_from_text_and_name_what_is_wrong() -> None:
    assert read_settings({"ignore_dialogue": "true", "pages": "2-9"}).ignore_dialogue
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings({"sentence_length_limit": "99", "engine": "magic", "sentence_lenght": "9"})
    assert [entry["field"] for entry in caught.value.errors] == ["sentence_length_limit", "engine", "sentence_lenght"]


def test_a_fingerprint_is_of_the_bytes_and_the_settings_and_not_of_the_name() -> None:
    one = fingerprint(ReceivedFile(name="a.pdf", sha256="1"), JobSettings())
    assert fingerprint(ReceivedFile(name="b.pdf", sha256="1"), JobSettings()) == one
    assert fingerprint(ReceivedFile(name="a.pdf", sha256="2"), JobSettings()) != one
    assert fingerprint(ReceivedFile(name="a.pdf", sha256="1"), JobSettings(min_sentence_length=3)) != one
