#!/bin/sh
# Makes .venv complete from what is committed in locks/: needs python3 (3.11 to 3.13) with venv, and nothing else.
# Costs nothing when nothing changed; safe to kill and to run again; writes only inside the checkout.
set -eu
cd "$(dirname "$0")/../.."
log=.local/logs/bootstrap.log
stamp=.venv/.feuilleton-stamp

fail() {
    printf 'feuilleton: %s\n' "$1" >&2
    exit 1
}

# The last line of the log that names a cause; uv indents the deepest cause under "Caused by".
cause() {
    if grep -qiE 'No space left on device|os error 28|Disk quota exceeded' "$log"; then
        printf 'the disk is full (%s)' "$(df -Pk . | awk 'NR == 2 { printf "%d MB free on %s", $4 / 1024, $6 }')"
    else
        grep -E 'rror|Caused by|failed|Failed' "$log" | tail -n 1 | sed 's/^[^A-Za-z]*//; s/^[Cc]aused by: //; s/^cause: //'
    fi
}

step() {
    what=$1
    shift
    if ! "$@" >>"$log" 2>&1; then
        fail "could not $what: $(cause) (log: $log)"
    fi
}

suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && suitable "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    found=$(python3 -V 2>/dev/null || true)
    if [ -n "$found" ]; then
        fail "Python 3.11, 3.12 or 3.13 is needed, python3 is $found: sudo apt-get install python3.11 python3.11-venv, or set PYTHON=/path/to/python3.11"
    fi
    fail "python3 is missing: sudo apt-get install python3 python3-venv"
}

make_venv() {
    python=$(find_python) || exit 1
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        fail "the venv module of $python is missing: sudo apt-get install $version-venv"
    fi
    echo "bootstrap: making .venv with $("$python" -V) from locks/ (1.2 GB on disk; about a minute)"
    step "make .venv" "$python" -m venv --clear .venv
}

fingerprint() {
    pwd
    cksum locks/bootstrap.txt locks/workspace.txt pyproject.toml ./*/pyproject.toml ./*/*/pyproject.toml 2>/dev/null
}

members() {
    for member in shared services/* clients deploy/local sample; do
        [ ! -f "$member/pyproject.toml" ] || printf -- '-e\n./%s\n' "$member"
    done
}

install() {
    echo "bootstrap: installing the locked packages"
    step "install pip and uv" .venv/bin/python -m pip install --no-input --disable-pip-version-check \
        --require-hashes -r locks/bootstrap.txt
    step "install the locked packages" .venv/bin/python -m uv pip install --python .venv/bin/python \
        --require-hashes -r locks/workspace.txt
    # shellcheck disable=SC2046  # the names of members hold no spaces
    step "install the workspace" .venv/bin/python -m uv pip install --python .venv/bin/python \
        --no-deps --no-build-isolation $(members)
}

[ -r /proc/self/stat ] || fail "/proc is not mounted: neither Java nor Postgres starts without it"
if [ -f "$stamp" ] && [ "$(fingerprint)" = "$(cat "$stamp")" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi
mkdir -p .local/logs .uv 2>/dev/null || fail "cannot write in $(pwd): the checkout has to be yours and the disk not full"
if command -v flock >/dev/null 2>&1; then
    exec 9>.uv/bootstrap.lock
    flock 9
    # Another make may have done the work while this one waited.
    [ ! -f "$stamp" ] || [ "$(fingerprint)" != "$(cat "$stamp")" ] || exit 0
fi
: >"$log"
# HOME may be read-only and LANG unset; an address of an own index (PIP_INDEX_URL, UV_INDEX_URL) is left alone.
export PIP_CACHE_DIR="${PIP_CACHE_DIR:-$PWD/.uv/pip}" UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.uv/cache}"
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_LINK_MODE="${UV_LINK_MODE:-hardlink}" PYTHONUTF8=1
began=$(date +%s)
# A half-made .venv, or one of a checkout that was moved since (its scripts name the old place), is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1 ||
    { [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$(pwd)" ]; }; then
    make_venv
fi
rm -f "$stamp"
install
fingerprint >"$stamp" || fail "could not write $stamp"
echo "bootstrap: ready after $(($(date +%s) - began)) s"
