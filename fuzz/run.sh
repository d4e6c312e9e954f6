#!/usr/bin/env bash
# Fuzzes one target for a while: fuzz/run.sh TARGET SECONDS
# Works on stable Rust: coverage comes from LLVM passes that need no nightly flag, and as no code here is
# unsafe there is nothing for AddressSanitizer to find. Corpus and build stay outside the checkout.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=$2
cache=${CKPT_TUI_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ckpt-tui-ci}/fuzz
corpus=$cache/corpus/$target
mkdir -p "$corpus" "$cache/artifacts"
# Seeds: every small fixture, and for a container's own target those of that container.
case $target in
  gguf) seeds=('*.gguf') ;;
  numpy) seeds=('*.npy' '*.npz') ;;
  tensorflow) seeds=('*.index') ;;
  msgpack) seeds=('*.msgpack') ;;
  onnx) seeds=('*.onnx') ;;
  hdf5) seeds=('*.h5') ;;
  logs) seeds=('*.csv' '*.json' '*.yaml' '*.log' 'log.txt' '*tfevents*') ;;
  dcp) seeds=('.metadata') ;;
  legacy) seeds=('legacy*.pt') ;;
  safetensors) seeds=('*.safetensors') ;;
  *) seeds=() ;;
esac
if [ -z "$(ls -A "$corpus")" ]; then
  for seed in "${seeds[@]}"; do
    find ../tests/fixtures -type f -size -64k -name "$seed" -exec cp --backup=numbered {} "$corpus" \;
  done
  [ ${#seeds[@]} -gt 0 ] || find ../tests/fixtures -type f -size -24k \( -name '*.pt' -o -name '*.pth' -o -name '*.ckpt' -o -name '*.tar' \
    -o -name '*.safetensors' -o -name '*.pkl' -o -name '*.bin' \) -exec cp --backup=numbered {} "$corpus" \;
fi
# The first two bytes say where the metadata ends and the shard begins.
if [ "$target" = dcp ] && [ ! -e "$corpus/seed" ]; then
  folder=../tests/fixtures/dcp/single
  end=$(($(stat -c %s "$folder/.metadata") + 2))
  { printf "\\x$(printf %02x $((end % 256)))\\x$(printf %02x $((end / 256)))"; cat "$folder/.metadata"; head -c 48000 "$folder/__0_0.distcp"; } >"$corpus/seed"
fi
# sancov must not instrument build scripts, which have no fuzzer to report to: hence --target.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
CARGO_TARGET_DIR=$cache/target cargo build --release --locked --target "$host" --bin "$target"
exec "$cache/target/$host/release/$target" -max_total_time="$seconds" -rss_limit_mb=512 -timeout=5 -max_len=65536 \
  -artifact_prefix="$cache/artifacts/" -print_final_stats=1 "$corpus"
