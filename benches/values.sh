#!/usr/bin/env bash
# `diff` and `export` against plain reads, torch and cp, the commands taking turns.
# usage: benches/values.sh BIN DIR    (DIR holds big_f32.pt and big_f32_b.pt of ../shared/bench/make_big.py)
# CKPT_TUI_PYTHON names a Python with torch, RUNS the repetitions (5). Writes up to 2.6 GB into DIR/out, and removes it.
set -euo pipefail

bin=$(realpath "$1") big=$(realpath "$2")
cd "$(dirname "$0")/.."
reference=${CKPT_TUI_REFERENCE:-../shared/bench}
runs=${RUNS:-5}
python=${CKPT_TUI_PYTHON:-${CKPT_TUI_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ckpt-tui-ci}/venv-torch-2.13.0/bin/python}
out=$big/out
mkdir -p "$out"
trap 'rm -rf "$out"' EXIT

. benches/common.sh

ratio() { python3 -c 'import json, sys; a, b = json.load(open(sys.argv[1])); print(b[sys.argv[2]] / a[sys.argv[2]])' "$@"; }

# Processor time of the second command over that of the first: what counts on a busy machine.
processor() { python3 -c 'import json, sys; a, b = json.load(open(sys.argv[1])); print((b["user"] + b["system"]) / (a["user"] + a["system"]))' "$1"; }

have_torch() { [ -x "$python" ] && "$python" -c 'import torch' 2>/dev/null; }

echo
echo "$(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), medians of $runs runs, files in the page cache"

# `diff` of files that differ says so with exit status 1.
differ=(sh -c '"$@" >/dev/null 2>&1 || [ $? -eq 1 ]' sh "$bin" diff)
two=("$big/big_f32.pt" "$big/big_f32_b.pt")

# Both files are read by as many threads as there are cores, here and there.
printf '\n== diff with values of two files of 1.2 GB, and plain reads of both\n'
pair -n "$runs" -o "$out/diff.json" -- "${differ[@]}" "${two[@]}" -- python3 -S -E benches/read.py "${two[@]}"
met "of the speed of plain reads" "$(ratio "$out/diff.json" wall)" at-least 0.4 x
met "of the processor time of plain reads" "$(processor "$out/diff.json")" at-least 0.4 x
met "peak memory" "$(field "$out/diff.json" 0 memory 1e-6)" at-most 64 MB

if [ -e "$reference/torch_diff.py" ] && have_torch; then
    printf '\n== diff with values, and torch_diff.py (once)\n'
    pair -1 -o "$out/torch.json" -- "${differ[@]}" "${two[@]}" -- "$python" "$reference/torch_diff.py" "${two[@]}"
    met "times faster than torch_diff.py" "$(ratio "$out/torch.json" wall)" at-least 30 x
fi

if have_torch; then
    printf '\n== diff of 100,000 keys: the same names, a prefix, two words\n'
    "$python" - "$out" <<'PY'
import sys, torch
wide = {f"layers.{i}.{n}": torch.randn(4) for i in range(25000) for n in ("a.weight", "a.bias", "b.weight", "b.bias")}
torch.save(wide, sys.argv[1] + "/wide.pt")
torch.save({"module." + k: v + 1 for k, v in wide.items()}, sys.argv[1] + "/wide_ddp.pt")
torch.save({k.replace("layers", "blocks").replace(".a.", ".fc1."): v + 1 for k, v in wide.items()}, sys.argv[1] + "/wide_words.pt")
PY
    for other in wide wide_ddp wide_words; do
        pair -n "$runs" -o "$out/wide.json" -- "${differ[@]}" --keys-only "$out/wide.pt" "$out/$other.pt"
    done
    pair -n "$runs" -o "$out/wide.json" -- "${differ[@]}" "$out/wide.pt" "$out/wide_ddp.pt"
fi

printf '\n== export of 1.2 GB, and cp with a sync of what it wrote (export syncs before the file gets its name)\n'
pair -n "$runs" -o "$out/export.json" -- "$bin" export "$big/big_f32.pt" -o "$out/a.safetensors" --force -- sh -c 'cp "$1" "$2" && sync "$2"' sh "$big/big_f32.pt" "$out/b.pt"
met "of the speed of cp" "$(ratio "$out/export.json" wall)" at-least 0.5 x
met "of the processor time of cp" "$(processor "$out/export.json")" at-least 0.5 x
met "peak memory" "$(field "$out/export.json" 0 memory 1e-6)" at-most 64 MB
