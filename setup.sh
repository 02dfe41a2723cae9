#!/bin/sh
# What `make run` and `make test` need, put into .venv: `sh setup.sh run`, `sh setup.sh test`.
set -eu
cd "$(dirname "$0")"

fail() { echo "setup: $1" >&2; exit 1; }

# As root on Debian a missing system package can be had; elsewhere we say what is missing.
debian_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

# The first Python from 3.11 to 3.13 that really starts (a version manager's stand-in may not).
find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
            >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    fail "wanted Python 3.11, 3.12 or 3.13 on the PATH and found none; install one of them"
}

make_environment() {
    python=$(find_python)
    rm -rf .venv
    # Debian splits venv from Python: without its package this fails half-way.
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        debian_install "python$version-venv" && "$python" -m venv .venv ||
            fail "$python cannot make a virtual environment; install python$version-venv"
    fi
}

install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

install_for_running() {
    echo "setup: installing what running needs into .venv; a minute or two"
    .venv/bin/python -c 'import sys' 2>/dev/null || make_environment
    install -r requirements.txt
    install --no-deps --no-build-isolation -e .
}

install_for_tests() {
    echo "setup: installing the test tools into .venv"
    install -r requirements-dev.txt
    install_browser
}

# The browser tests drive the Chromium on the machine, else Playwright's, else Debian's package.
find_browser() {
    .venv/bin/python -m tests.drive --find >/dev/null 2>&1
}

install_browser() {
    find_browser && return
    echo "setup: no Chromium found, getting one for the browser tests"
    .venv/bin/python -m playwright install --with-deps chromium-headless-shell >/dev/null 2>&1 ||
        .venv/bin/python -m playwright install chromium-headless-shell >/dev/null 2>&1 || true
    find_browser && return
    debian_install chromium || true
    find_browser || fail "the browser tests need Chromium or Chrome on the PATH; install one"
}

case "${1:-}" in
    run) install_for_running ;;
    test) install_for_tests ;;
    *) fail "wanted 'run' or 'test'" ;;
esac
