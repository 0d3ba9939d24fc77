"""Real Kafka and real Postgres from PyPI alone: no root, no Docker, no Java, no Maven."""
