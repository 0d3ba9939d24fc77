"""Where the schemas of status-api are written down."""

from pathlib import Path

SCHEMA = "projection"
"""What can be dropped and folded again."""
KEPT_SCHEMA = "status"
"""What only Postgres knows: no rebuild touches it."""
_MIGRATIONS = Path(__file__).parent.parent / "migrations"
SCRIPTS = {name: _MIGRATIONS / name for name in (KEPT_SCHEMA, SCHEMA)}
