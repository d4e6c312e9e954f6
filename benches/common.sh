# What the scripts that compare share; read by them, not run.

pair() { python3 -S -E benches/pair.py "$@"; }

# met NAME VALUE at-most|at-least TARGET UNIT
met() {
    python3 - "$@" <<'PY'
import sys
name, value, how, target, unit = sys.argv[1:]
value, target = float(value), float(target)
good = value <= target if how == "at-most" else value >= target
print(f"  {'ok  ' if good else 'MISS'} {name}: {value:.4g} {unit} (target {'≤' if how == 'at-most' else '≥'} {target:g})")
PY
}

field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[int(sys.argv[2])][sys.argv[3]] * float(sys.argv[4]))' "$@"; }
