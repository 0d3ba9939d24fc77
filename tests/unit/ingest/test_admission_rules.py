import pytest
from pydantic import ValidationError

from feuilleton.contracts.job_settings import Engine, EngineChoice, JobSettings, ModelTier
from feuilleton.contracts.models import terms_of
from ingest.admission import EngineTable, fingerprint, read_settings
from ingest.errors import EngineNotAvailableError, InvalidSettingsError
from ingest.settings import IngestSettings

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


@pytest.mark.parametrize("tier", ModelTier)
def test_a_server_of_ones_own_has_one_model_for_every_tier(tier: ModelTier) -> None:
    table = EngineTable((Engine.LOCAL, Engine.OPENAI), MODELS, "mistral-small")
    chosen = table.choose(JobSettings(engine=EngineChoice.OPENAI, model=tier))
    assert chosen == (Engine.OPENAI, "mistral-small")


def test_every_tier_is_a_model_whose_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, {})
    for model in IngestSettings().models.values():
        assert terms_of(model).output_usd > 0


OWN_SERVER = {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "OPENAI_MODEL": "mistral-small"}


@pytest.mark.parametrize(
    ("environment", "offered"),
    [
        ({}, ["local"]),
        (OWN_SERVER, ["local", "openai"]),
        ({**OWN_SERVER, "ENGINES": "gemini,local"}, ["gemini", "local", "openai"]),
        ({**OWN_SERVER, "ENGINES": "openai,local"}, ["openai", "local"]),
    ],
)
def test_the_address_of_a_server_of_ones_own_makes_it_one_of_the_engines(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], offered: list[str]
) -> None:
    set_environment(monkeypatch, environment)
    assert [engine.value for engine in IngestSettings().offered] == offered


@pytest.mark.parametrize(
    "environment",
    [
        {"ENGINES": "openai"},
        {"OPENAI_BASE_URL": OWN_SERVER["OPENAI_BASE_URL"]},
        {**OWN_SERVER, "OPENAI_BASE_URL": "127.0.0.1:11434"},
    ],
)
def test_half_an_engine_stops_the_start(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    set_environment(monkeypatch, environment)
    with pytest.raises(ValidationError, match=r"OPENAI_MODEL|openai_base_url"):
        IngestSettings()


def set_environment(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("ENGINES", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    needed = {"API_KEY": "k" * 16, "DATABASE_URL": "postgresql://db.example/x"}
    for name, value in {**needed, **environment}.items():
        monkeypatch.setenv(name, value)


def test_settings_come_from_text_and_name_what_is_wrong() -> None:
    assert read_settings({"ignore_dialogue": "true", "pages": "2-9"}).ignore_dialogue
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings({"sentence_length_limit": "99", "engine": "magic", "sentence_lenght": "9"})
    assert [entry["field"] for entry in caught.value.errors] == ["sentence_length_limit", "engine", "sentence_lenght"]


def test_a_fingerprint_is_of_the_bytes_and_the_settings_and_of_force() -> None:
    one = fingerprint("1", JobSettings(), force=False)
    assert fingerprint("1", JobSettings(), force=False) == one
    assert fingerprint("2", JobSettings(), force=False) != one
    assert fingerprint("1", JobSettings(min_sentence_length=3), force=False) != one
    assert fingerprint("1", JobSettings(), force=True) != one
