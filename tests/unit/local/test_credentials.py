import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from feuilleton_local.credentials import api_key, write_client_env
from feuilleton_local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSettings:
    monkeypatch.delenv("API_KEY", raising=False)
    return LocalSettings(local_dir=tmp_path)


def test_the_key_is_made_once_long_and_private(settings: LocalSettings) -> None:
    key = api_key(settings)
    assert len(key) >= 32
    assert api_key(settings) == key
    assert stat.S_IMODE(settings.paths.api_key.stat().st_mode) == 0o600


def test_a_given_key_is_taken_and_none_is_made(settings: LocalSettings) -> None:
    given = settings.model_copy(update={"api_key": SecretStr("g" * 16)})
    assert api_key(given) == "g" * 16
    assert not settings.paths.api_key.exists()


def test_the_client_finds_both_services_and_the_key(settings: LocalSettings) -> None:
    write_client_env(settings, "secret-key")
    assert settings.paths.client_env.read_text().splitlines() == [
        f"FEUILLETON_INGEST_URL={settings.ingest_url}",
        f"FEUILLETON_STATUS_URL={settings.status_url}",
        "FEUILLETON_API_KEY=secret-key",
    ]
