#!/usr/bin/env bash
# Statistics of 1.2 GB of float32 and 0.6 GB of bfloat16 against plain reads, numpy and torch; scaling and peak memory.
# usage: benches/stats.sh BIN DIR     (compare.sh calls it; DIR holds big_{f32,bf16}.{pt,safetensors} of ../shared/bench/make_big.py)
# CKPT_TUI_PYTHON names a Python with torch, safetensors and numpy, RUNS the repetitions (5). numpy and torch take up to a minute
# for a file, so they run once, beside `stats` itself; TORCH=0 leaves them out.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1 big=$2
runs=${RUNS:-5}
python=${CKPT_TUI_PYTHON:-${CKPT_TUI_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ckpt-tui-ci}/venv-torch-2.13.0/bin/python}
reference=../shared/bench/torch_stats.py
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Plain positioned reads of the same bytes: aligned blocks of 256 KiB, by the same number of threads.
cat >"$out/reads.rs" <<'RS'
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (threads, file) = (args[2].parse::<usize>().unwrap(), std::fs::File::open(&args[1]).unwrap());
    let (len, next) = (file.metadata().unwrap().len(), AtomicU64::new(0));
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                let mut buffer = vec![0_u8; (256 << 10) + 64];
                let start = buffer.as_ptr().align_offset(64);
                loop {
                    let at = next.fetch_add(256 << 10, Ordering::Relaxed);
                    if at >= len {
                        break;
                    }
                    file.read_at(&mut buffer[start..start + (256 << 10)], at).unwrap();
                    std::hint::black_box(&buffer);
                }
            });
        }
    });
}
RS
rustc --edition 2021 -O -o "$out/reads" "$out/reads.rs"

pair() { python3 -S -E benches/pair.py -o "$out/pair.json" "$@"; }

# ratio NAME [AT-LEAST]: the time of the second command in that of the first; memory: the peak of the first.
ratio() {
    python3 - "$out/pair.json" "$@" <<'PY'
import json, sys
a, b = json.load(open(sys.argv[1]))[:2]
wall, cpu = b["wall"] / a["wall"], (b["user"] + b["system"]) / (a["user"] + a["system"])
target = float(sys.argv[3]) if len(sys.argv) > 3 else None
verdict = "    " if target is None else "ok  " if wall >= target else "MISS"
print(f"  {verdict} {sys.argv[2]}: {wall:.3g} x{f' (target ≥ {target:g})' if target else ''}; of processor time {cpu:.3g} x")
PY
}

memory() {
    python3 - "$out/pair.json" <<'PY'
import json, sys
peak = json.load(open(sys.argv[1]))[0]["memory"] / 1e6
print(f"  {'ok  ' if peak <= 64 else 'MISS'} peak memory: {peak:.3g} MB (target ≤ 64)")
PY
}

threads=(1)
[ "$(nproc)" -gt 1 ] && threads+=("$(nproc)")
for file in big_f32.pt big_f32.safetensors big_bf16.pt big_bf16.safetensors; do
    [ -e "$big/$file" ] || continue
    for n in "${threads[@]}"; do
        printf '\n== stats of %s with %s threads, and plain reads of 256 KiB by as many\n' "$file" "$n"
        pair -n "$runs" -- "$bin" stats --no-cache --json --threads "$n" "$big/$file" -- "$out/reads" "$big/$file" "$n"
        ratio "of the speed of plain reads" 0.5
        memory
    done
    if [ "${#threads[@]}" -gt 1 ]; then
        printf '\n== stats of %s with %s threads and with 1\n' "$file" "${threads[1]}"
        pair -n "$runs" -- "$bin" stats --no-cache --json --threads "${threads[1]}" "$big/$file" -- "$bin" stats --no-cache --json --threads 1 "$big/$file"
        ratio "times faster with ${threads[1]} threads"
    fi
    if [ "${TORCH:-1}" = 0 ] || ! "$python" -c 'import torch, safetensors, numpy' 2>/dev/null; then
        continue
    fi
    dtype=float32
    [[ $file == *bf16* ]] && dtype=bfloat16
    printf '\n== stats of %s, and numpy\n' "$file"
    pair -1 -- "$bin" stats --no-cache --json "$big/$file" -- "$python" benches/numpy_stats.py "$big/$file" "$dtype"
    ratio "times faster than numpy"
    [ -e "$reference" ] || continue
    printf '\n== stats of %s, and torch_stats.py\n' "$file"
    pair -1 -- "$bin" stats --no-cache --json "$big/$file" -- "$python" "$reference" "$big/$file"
    ratio "times faster than torch_stats.py" 100
done
