#!/usr/bin/env bash
# Makes the pictures of the README from the real program on the demo folder: docs/images/make.sh [BIN]. Needs tmux and python3;
# builds the program if none is named.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${1:-target/release/ckpt-tui}
[ $# -gt 0 ] || cargo build --release --quiet
# A home of its own: no settings, and nothing remembered from the picture before.
home=$(mktemp -d)
server=ckpt-tui-pictures-$$
trap 'tmux -L "$server" kill-server 2>/dev/null || true; rm -rf "$home"' EXIT

picture() {
    local name=$1 size=$2 path=$3 before='' now=none
    shift 3
    # A new home each time: a program that was just ended may still write into the last one.
    local own
    own=$(mktemp -d "$home/XXXXXX")
    tmux -L "$server" -f /dev/null new-session -d -s "$name" -x "${size%x*}" -y "${size#*x}" \
        "env -u XDG_CONFIG_HOME -u XDG_CACHE_HOME -u XDG_STATE_HOME HOME=$own $bin --no-hints $path"
    tmux -L "$server" set-option -t "$name" status off >/dev/null
    # The scan is over when the footer's spinner is gone: two looks that are the same.
    until [ "$before" = "$now" ] && [ -n "$now" ]; do
        before=$now
        sleep 0.4
        now=$(tmux -L "$server" capture-pane -t "$name" -p)
    done
    for key in "$@"; do
        tmux -L "$server" send-keys -t "$name" "$key"
        sleep 0.3
    done
    tmux -L "$server" capture-pane -t "$name" -e -p | python3 docs/images/screenshot.py >"docs/images/$name.svg"
    tmux -L "$server" kill-session -t "$name"
}
picture runs 120x34 assets/demo/spirals-overfit Down Down Down Down Down Down Down Down Down Down
picture curve 120x34 assets/demo G Tab O x f
picture table 120x14 assets/demo p Right Right Right s
picture layers 120x34 assets/demo/exports/glyphs_model.pth
picture compare 120x28 "tests/fixtures/mismatch/split_qkv_a.pt tests/fixtures/mismatch/split_qkv_b.pt" ']'
