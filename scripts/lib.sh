# shellcheck shell=bash
# What the scripts share: messages, long steps, and packages from Debian. Sourced, not run.

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    readonly BOLD=$'\e[1m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
    readonly BOLD='' RED='' PLAIN=''
fi

say() {
    printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*" >&2
}

fail() {
    printf '%s==> %s%s\n' "$RED" "$*" "$PLAIN" >&2
    exit 1
}

# run MESSAGE COMMAND…: run a step that takes a while. A terminal shows the command's latest line; a log gets one every
# 15 seconds. Where the command fails, the end of its output is shown.
run() {
    local message=$1 output status=0 began=$SECONDS
    shift
    say "$message."
    output=$(mktemp)
    "$@" 2>&1 | follow "$output" || status=$?
    if ((status != 0)); then
        tail -n 30 "$output" >&2
        rm -f "$output"
        printf '%s==> %s failed (status %s).%s\n' "$RED" "$message" "$status" "$PLAIN" >&2
        return "$status"
    fi
    rm -f "$output"
    ((SECONDS - began < 15)) || say "$message: done after $((SECONDS - began)) s."
}

follow() {
    local output=$1 line shown=$SECONDS width
    width=$(tput cols 2>/dev/null || echo 80)
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$output"
        [[ -n $line ]] || continue
        if [[ -n $BOLD ]]; then
            printf '\r\e[K    %.*s' "$((width - 5))" "$line" >&2
        elif ((SECONDS - shown >= 15)); then
            printf '    %.100s\n' "$line" >&2
            shown=$SECONDS
        fi
    done
    [[ -z $BOLD ]] || printf '\r\e[K' >&2
}

# install_from_debian WHY PACKAGE…
install_from_debian() {
    local why=$1
    shift
    command -v apt-get >/dev/null || fail "Missing: $*, $why. There is no apt here: install this as your system does."
    as_root_or_fail "$*" "$why"
    update_debian
    run "Installing $* through apt${SUDO:+ and $SUDO}, $why" \
        $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@" ||
        fail "Install these by hand, then try again: $*"
}

as_root_or_fail() {
    SUDO=
    ((EUID == 0)) && return
    command -v sudo >/dev/null || fail "Missing: $1, $2. As root, run: apt-get install $1"
    SUDO=sudo
}

update_debian() {
    [[ -z ${DEBIAN_UPDATED:-} ]] || return 0
    ((EUID == 0)) || command -v sudo >/dev/null || return 0
    DEBIAN_UPDATED=yes
    local sudo=
    ((EUID == 0)) || sudo=sudo
    # A source that cannot be reached does not matter where the others have what is needed.
    run "Reading the list of Debian's packages${sudo:+ through $sudo}" $sudo apt-get update --quiet || true
}
