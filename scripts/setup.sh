#!/usr/bin/env bash
# Set Tureen up in this folder, and do nothing where nothing is to be done.
#
#   scripts/setup.sh packages   the virtual environment .venv, with the pinned packages
#   scripts/setup.sh install    that, the mediasoup worker and the demo page
#   scripts/setup.sh tests      that, a browser for the end-to-end tests, ffmpeg for those with plain RTP, iproute2, and jq for an example
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

readonly VENV=.venv
readonly PYTHON=${PYTHON:-python3}
readonly STAMP=$VENV/tureen-setup.sha256

main() {
    local goal=${1:-install}
    case $goal in
        packages | install | tests) ;;
        *) fail "There is no set-up called '$goal': it is packages, install or tests." ;;
    esac
    only_one_at_a_time
    set_up_packages
    [[ $goal == packages ]] && return
    set_up_npm
    set_up_worker
    set_up_page
    [[ $goal == install ]] && return
    set_up_ffmpeg
    set_up_iproute
    set_up_jq
    set_up_browser
}

# Two set-ups of one folder would undo each other; the lock ends with this script.
only_one_at_a_time() {
    exec {lock}<scripts
    if ! flock --nonblock "$lock"; then
        say "Another set-up of this folder is running: waiting for it to end."
        flock "$lock"
    fi
}

set_up_packages() {
    local wanted
    wanted=$(packages_fingerprint)
    if [[ -x $VENV/bin/tureen && -f $STAMP && $(<"$STAMP") == "$wanted" ]]; then
        return
    fi
    check_python
    if ! venv_is_usable; then
        make_venv
    fi
    run "Installing Python packages into $VENV" \
        "$VENV/bin/python" -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
    packages_fingerprint >"$STAMP"
}

# What the installed packages depend on: their list and pins, this folder (an editable install and the commands in
# .venv/bin name it) and the Python that they were installed for.
packages_fingerprint() {
    { cat pyproject.toml constraints.txt; pwd; readlink -f "$VENV/bin/python" || true; } | sha256sum
}

check_python() {
    command -v "$PYTHON" >/dev/null || install_from_debian "to run Tureen" python3
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Tureen needs Python 3.11 or newer, and $PYTHON is $("$PYTHON" -V): name a newer one with PYTHON=…"
}

venv_is_usable() {
    [[ -x $VENV/bin/python ]] &&
        [[ $("$VENV/bin/python" -c 'import sys; print(sys.version_info >= (3, 11), sys.prefix)' 2>/dev/null) == \
            "True $PWD/$VENV" ]] &&
        "$VENV/bin/python" -m pip --version &>/dev/null
}

make_venv() {
    # Debian keeps the part of venv that brings pip in a package of its own.
    if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
        install_from_debian "to make the virtual environment $VENV" python3-venv
    fi
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$(command -v "$PYTHON") has no venv module: install it, or name another Python with PYTHON=…"
    run "Making the virtual environment $VENV" "$PYTHON" -m venv --clear "$VENV"
}

set_up_npm() {
    command -v npm >/dev/null || install_from_debian "to fetch mediasoup's and the demo page's packages" npm
    command -v npm >/dev/null || fail "npm is missing: install Node.js 18 or newer, which brings it."
}

set_up_worker() {
    # Nothing is said where the worker is there already.
    "$VENV/bin/tureen" worker info &>/dev/null && return
    say "Installing the mediasoup worker."
    local status=0
    "$VENV/bin/tureen" worker install || status=$?
    # 3 says that no official binary could be had, and that a build needs packages that are missing.
    if ((status == 3)); then
        local packages
        mapfile -t packages < <("$VENV/bin/tureen" worker packages)
        install_from_debian "to build the mediasoup worker from source" "${packages[@]}"
        status=0
        "$VENV/bin/tureen" worker install --from-source || status=$?
    fi
    ((status == 0)) || fail "The mediasoup worker could not be installed; what is above says why."
}

set_up_page() {
    "$VENV/bin/python" -m tureen.signaling.page.build || fail "The demo page could not be built; what is above says why."
}

set_up_iproute() {
    # Only root may make network namespaces; elsewhere the tests that need them are skipped, and say so.
    ((EUID == 0)) || return 0
    command -v ip >/dev/null || install_from_debian "to give node agents hosts of their own in the tests" iproute2
}

set_up_ffmpeg() {
    command -v ffmpeg >/dev/null || install_from_debian "to send and record plain RTP in the tests" ffmpeg
    command -v ffmpeg >/dev/null || fail "ffmpeg is missing: install it, for the tests with plain RTP."
}

set_up_jq() {
    command -v jq >/dev/null || install_from_debian "to run the example in shell in the tests" jq
    command -v jq >/dev/null || fail "jq is missing: install it, for the test of examples/wire/rtp.sh."
}

set_up_browser() {
    if [[ -n ${CHROMIUM:-} ]]; then
        command -v "$CHROMIUM" >/dev/null || fail "CHROMIUM names $CHROMIUM, which is not a program."
        return
    fi
    find_browser >/dev/null && return
    if apt-cache show chromium &>/dev/null || { update_debian && apt-cache show chromium &>/dev/null; }; then
        install_from_debian "for the end-to-end tests" chromium fonts-liberation
    fi
    find_browser >/dev/null && return
    # Ubuntu's package is a snap, which cannot be driven: playwright brings a browser of its own.
    has_playwrights_browser && return
    run "Downloading Chromium with playwright, for the end-to-end tests" "$VENV/bin/playwright" install --with-deps chromium ||
        fail "No Chromium could be had for the end-to-end tests: install one and name it with CHROMIUM=/path/to/chromium."
}

find_browser() {
    command -v chromium || command -v google-chrome || command -v google-chrome-stable
}

has_playwrights_browser() {
    "$VENV/bin/python" - <<'PYTHON'
import os, sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    sys.exit(not os.access(playwright.chromium.executable_path, os.X_OK))
PYTHON
}

main "$@"
