#!/bin/sh
# Removes what make made in this checkout; refuses while the system runs, whose data would go from under it.
set -eu
cd "$(dirname "$0")/../.."
if [ -x .venv/bin/python ] && .venv/bin/python -m feuilleton_local ps --quiet 2>/dev/null; then
    echo "feuilleton: still running; make down first" >&2
    exit 1
fi
rm -rf .venv .uv .jgo .local .mypy_cache .ruff_cache .hypothesis .pytest_cache .import_linter_cache dist
find . -name __pycache__ -type d -prune -exec rm -rf {} +
