#!/bin/sh
# Renews locks/: hash-pinned exports without any address. Arguments: the services, each gets a lock for its image.
set -eu
cd "$(dirname "$0")/../.."
export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.uv/cache}"
uv() { .venv/bin/python -m uv "$@"; }
export_to() {
    target=$1
    shift
    uv export --quiet --frozen --no-emit-workspace --no-header --no-annotate "$@" --output-file "$target.new" >/dev/null
    mv "$target.new" "$target"
}

uv lock ${UPGRADE:+--upgrade}
export_to locks/workspace.txt --all-packages --all-groups
for service; do
    export_to "locks/$service.txt" --package "feuilleton-$service" --no-dev
done
printf 'pip\nuv\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --output-file locks/bootstrap.txt - >/dev/null
if grep -nE '://|^-|^#|@ ' locks/*.txt; then
    echo "feuilleton: a lock names an address (lines above)" >&2
    exit 1
fi
