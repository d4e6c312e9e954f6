#!/usr/bin/env bash
# Fuzzes every target, or those named, one after the other: fuzz/all.sh SECONDS [TARGET…]
# Prints a line of a Markdown table for each: executions, edges of the program reached of all there are in it, inputs kept, memory.
# Ends with an error after the first finding, whose input lies in the cache beside the corpus. `.ci/run` gives each target some seconds;
# before a release it is hours: fuzz/all.sh 7200
set -euo pipefail
cd "$(dirname "$0")"
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v '^ckpt-tui-fuzz$' | sort)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo '| target | seconds | executions | edges reached | inputs | memory |'
echo '|---|---|---|---|---|---|'
for target in "${targets[@]}"; do
  if ! ./run.sh "$target" "$seconds" >"$log" 2>&1; then
    tail -60 "$log"
    echo "fuzzing: $target found something" >&2
    exit 1
  fi
  stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
  all=$(sed -n 's/.*Loaded 1 modules *(\([0-9]*\) inline.*/\1/p' "$log" | tail -1)
  last=$(grep -E '^#[0-9]+.*cov: ' "$log" | tail -1)
  edges=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' <<<"$last")
  inputs=$(sed -n 's/.*corp: \([0-9]*\).*/\1/p' <<<"$last")
  echo "| $target | $seconds | $(stat number_of_executed_units) | $edges of $all | $inputs | $(stat peak_rss_mb) MB |"
done
