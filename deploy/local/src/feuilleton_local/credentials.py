"""The API key of the local system and the variables with which the client finds it."""

import os
import secrets
import shlex
from pathlib import Path

from feuilleton_local.settings import LocalSettings


def api_key(settings: LocalSettings) -> str:
    """The key from the environment, else the one in local_dir/api-key, which is made on the first call."""
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    file = settings.paths.api_key
    try:
        with open(file, "x", opener=_private, encoding="ascii") as made:
            made.write(secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii").strip()


def write_client_env(settings: LocalSettings, key: str) -> None:
    """`set -a; . .local/client.env` gives a shell the client's three variables."""
    variables = {
        "FEUILLETON_INGEST_URL": settings.public_ingest_url or settings.ingest_url,
        "FEUILLETON_STATUS_URL": settings.public_status_url or settings.status_url,
        "FEUILLETON_API_KEY": key,
    }
    with open(settings.paths.client_env, "w", opener=_private, encoding="utf-8") as file:
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _private(path: str | Path, flags: int) -> int:
    return os.open(path, flags, 0o600)
