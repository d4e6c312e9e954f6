"""Compares `ckpt-tui stats --json` with torch in float64: python compare_stats.py BIN DIR

Every file of DIR that torch can load. Counts, NaN, infinities and zeros must be the same; mean, std, min, max, l1 and l2 agree to
1e-9 of scale; quantiles too where they are called exact, and else lie within 1/128 of the neighbours torch names.
Prints every difference and `N tensors, M differ`; exit status 1 when any does, or when there was nothing to compare.

python compare_stats.py --write DIR OUT.json writes torch's word instead.
"""

import json
import math
import os
import subprocess
import sys

import torch

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402

LEVELS = ["0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"]
SHOWN = 12  # differences printed per file


def numbers(t):
    """The elements as float64, complex ones as magnitudes; None for what torch itself cannot convert."""
    # bits8 and its kin are bits without a number, whatever torch makes of them.
    if str(t.dtype).startswith("torch.bits"):
        return None
    if t.is_nested or t.layout != torch.strided or t.device.type != "cpu" or oracle.lazy(t):
        return None
    try:
        t = t.detach()
        if t.is_quantized:
            t = t.dequantize()
        if t.is_complex():
            t = t.resolve_conj().to(torch.complex128).abs()
        return t.resolve_neg().to(torch.float64).flatten()
    except Exception:
        return None


def reference(t):
    x = numbers(t)
    if x is None:
        return None
    f = x[torch.isfinite(x)]
    row = {"count": x.numel(), "nan": int(torch.isnan(x).sum()), "inf": int(torch.isinf(x).sum()), "zeros": int((x == 0).sum())}
    some = f.numel() > 0
    # Sums of numbers near the end of the range of float64 leave it, in an order that depends on the machine's registers.
    most = f.abs().max() if some else None
    scale = 2.0**-64 if some and most > 1e200 else 1.0
    row["mean"] = (f * scale).mean().item() / scale if some else None
    row["std"] = f.std().item() if f.numel() > 1 else None
    row["min"], row["max"] = (f.min().item(), f.max().item()) if some else (None, None)
    row["abs_max"] = f.abs().max().item() if some else None
    # torch adds up plain squares, which leave the range of float64 long before the norm does.
    norm = (most * (f / most).norm()).item() if some and most > 0 else 0.0
    row["l1"], row["l2"] = (f.abs().sum().item(), norm) if some else (None, None)
    q = torch.tensor([float(level) for level in LEVELS], dtype=torch.float64)
    ways = ("linear", "lower", "higher")
    row["quantiles"] = {w: torch.quantile(f[:: f.numel() // 16_000_000 + 1], q, interpolation=w).tolist() for w in ways} if some else None
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def tensors(path):
    """Torch's word on a file: {path: statistics}; None if torch cannot load it."""
    try:
        loaded = oracle.load(path)
    except Exception:
        return None
    if loaded is None:
        return None
    rows = {}
    for name, t in oracle.Walk(loaded[0]).tensors:
        row = None if name in rows else reference(t)
        # Two tensors under one path have no agreed name.
        rows[name] = row
    return {name: row for name, row in rows.items() if row is not None}


def differences(want, got):
    if got.get("error"):
        yield f"error {got['error']}"
        return
    for name in ("count", "nan", "inf", "zeros"):
        if want[name] != got[name]:
            yield f"{name} {want[name]} and not {got[name]}"
    scale = want["abs_max"] or 0.0
    for name in ("mean", "std", "min", "max", "abs_max", "l1", "l2"):
        a, b = want[name], got[name]
        if a is None and b is None:
            continue
        size = max(scale, a or 0.0) if name in ("l1", "l2") else scale
        # Squares and sums at the end of the range of float64: whose of them is still a number, is chance.
        if (a is None or b is None) and scale > {"std": 1e150, "l1": 1e300}.get(name, math.inf):
            continue
        # A std of one value is rounding and nothing else.
        if a is None or b is None or abs(a - b) > 1e-9 * size + 1e-300:
            yield f"{name} {a} and not {b}"
    if want["quantiles"] is None:
        return
    if sum(got["histogram"]["counts"]) != want["count"] - want["nan"] - want["inf"]:
        yield "the histogram does not hold every finite element"
    slack = 1e-9 if got["exact_quantiles"] else 1 / 128
    for at, level in enumerate(LEVELS):
        x, low, high = got["quantiles"][level], want["quantiles"]["lower"][at], want["quantiles"]["higher"][at]
        if got["exact_quantiles"]:
            low = high = want["quantiles"]["linear"][at]
        tiny = 1e-9 * scale if got["exact_quantiles"] else 1e-40
        if not low - slack * abs(low) - tiny <= x <= high + slack * abs(high) + tiny:
            yield f"quantile {level} {low} to {high} and not {x}"


def compare(binary, path, want):
    done = subprocess.run([binary, "stats", "--json", "--no-cache", path], capture_output=True, timeout=300)
    if done.returncode != 0:
        return [f"exit status {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()[:300]}"]
    got = {row["path"]: row for row in json.loads(done.stdout)["tensors"]}
    found = []
    for name, row in want.items():
        # Names torch's own view does not have (arguments of calls) are oracle.py's business.
        if name in got:
            found.extend(f"{name}: {text}" for text in differences(row, got[name]))
        else:
            found.append(f"{name}: missing")
    return found


def files(root):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                yield path


def main():
    if sys.argv[1] == "--write":
        root, out = sys.argv[2:]
        rows = {os.path.relpath(path, root): tensors(path) for path in files(root)}
        with open(out, "w") as f:
            json.dump({path: row for path, row in rows.items() if row}, f, indent=0, sort_keys=True)
        return
    binary, root = sys.argv[1:]
    count = bad = 0
    for path in files(root):
        want = tensors(path)
        if not want:
            continue
        found = compare(binary, path, want)
        count, bad = count + len(want), bad + len(found)
        for text in found[:SHOWN]:
            print(f"{os.path.relpath(path, root)}: {text}")
    print(f"{count} tensors, {bad} differ")
    sys.exit(1 if bad or not count else 0)


if __name__ == "__main__":
    main()
