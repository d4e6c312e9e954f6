#!/usr/bin/env bash
# The numbers the README and docs promise, measured in one run on this machine, against the reference programs.
# usage: benches/compare.sh     (needs Rust, python3; torch for the inputs and the references; 7 GB of disk for the inputs)
# CKPT_TUI_PYTHON names a Python with torch and safetensors, RUNS the repetitions (5).
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${CKPT_TUI_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ckpt-tui-ci}
big=$cache/big
reference=../shared/bench
runs=${RUNS:-5}
python=${CKPT_TUI_PYTHON:-$cache/venv-torch-2.13.0/bin/python}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cargo build --release --locked
target=$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
bin=$target/release/ckpt-tui

. benches/common.sh

have_torch() { [ -x "$python" ] && "$python" -c 'import torch, safetensors' 2>/dev/null; }

# make_big.py writes many/run9 last: what is there is complete.
if [ ! -e "$big/many/run9/checkpoint_0099.pt" ]; then
    if [ ! -e "$reference/make_big.py" ]; then
        echo "No inputs in $big and no $reference/make_big.py to make them with: nothing to measure."
        exit 0
    fi
    have_torch || { echo "No Python with torch at $python (.ci/run makes one; or set CKPT_TUI_PYTHON)." >&2; exit 2; }
    mkdir -p "$big"
    free=$(df -Pk "$big" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge $((8 * 1024 * 1024)) ] || { echo "The inputs need 7 GB in $big, and only $((free / 1024)) MB are free." >&2; exit 2; }
    echo "making the inputs in $big (7 GB, two minutes)"
    nice "$python" "$reference/make_big.py" "$big"
fi

echo
echo "$(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs || true), medians of $runs runs, files in the page cache"

# What a person types to see the same in Python.
cat >"$out/list.py" <<'PY'
import sys
path = sys.argv[1]
if path.endswith(".safetensors"):
    from safetensors import safe_open
    with safe_open(path, "pt") as f:
        for key in f.keys():
            print(key, f.get_slice(key).get_dtype(), f.get_slice(key).get_shape())
else:
    import torch
    for key, t in torch.load(path, weights_only=True, mmap=True, map_location="cpu").items():
        print(key, t.dtype, tuple(t.shape))
PY

for file in big_f32.pt big_f32.safetensors; do
    printf '\n== show %s (1.2 GB, 192 tensors), and the same list in Python\n' "$file"
    python_list=()
    have_torch && python_list=(-- "$python" "$out/list.py" "$big/$file")
    pair -n "$runs" -o "$out/show.json" -- "$bin" show "$big/$file" "${python_list[@]}"
    met "whole process" "$(field "$out/show.json" 0 wall 1e3)" at-most 10 ms
    met "peak memory" "$(field "$out/show.json" 0 memory 1e-6)" at-most 16 MB
done

printf '\n== ls of 1,000 training checkpoints\n'
if [ -e "$reference/torch_index.py" ] && have_torch; then
    # The reference takes a minute a run: it sets how long this takes.
    pair -n "$runs" -o "$out/ls.json" -- "$bin" ls "$big/many" -- "$python" "$reference/torch_index.py" "$big/many"
    met "times faster than torch_index.py" "$(python3 -c "print($(field "$out/ls.json" 1 wall 1) / $(field "$out/ls.json" 0 wall 1))")" at-least 100 x
else
    echo "  no $reference/torch_index.py or no torch at $python: without the comparison"
    pair -n "$runs" -o "$out/ls.json" -- "$bin" ls "$big/many"
fi
met "whole process" "$(field "$out/ls.json" 0 wall 1)" at-most 1 s

CKPT_TUI_PYTHON=$python RUNS=$runs benches/stats.sh "$bin" "$big"

CKPT_TUI_PYTHON=$python RUNS=$runs benches/values.sh "$bin" "$big"
