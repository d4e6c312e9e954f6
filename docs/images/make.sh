#!/usr/bin/env bash
# Makes the pictures of the README from the real program on the demo folder. Needs tmux and python3.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet
picture() {
    local name=$1 size=$2 path=$3 session=ckpt-tui-picture-$$
    shift 3
    tmux -f /dev/null new-session -d -s "$session" -x "${size%x*}" -y "${size#*x}" "target/release/ckpt-tui $path"
    tmux set-option -t "$session" status off >/dev/null
    # The scan is over when the footer's spinner is gone: two looks that are the same.
    local before= now=none
    until [ "$before" = "$now" ] && [ -n "$now" ]; do
        before=$now
        sleep 0.4
        now=$(tmux capture-pane -t "$session" -p)
    done
    for key in "$@"; do
        tmux send-keys -t "$session" "$key"
        sleep 0.3
    done
    tmux capture-pane -t "$session" -e -p | python3 docs/images/screenshot.py >"docs/images/$name.svg"
    tmux kill-session -t "$session"
}
picture runs 120x34 assets/demo/spirals-overfit Down Down Down Down Down Down Down Down Down Down
picture curve 120x34 assets/demo G Tab O x f
picture table 120x14 assets/demo p Right Right Right s
picture layers 120x34 assets/demo/exports/glyphs_model.pth
picture compare 120x28 "tests/fixtures/mismatch/split_qkv_a.pt tests/fixtures/mismatch/split_qkv_b.pt" ]
