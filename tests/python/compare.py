"""Compares `ckpt-tui show --json` with torch, file by file: python compare.py BIN DIR EXPECTED.json

EXPECTED.json is oracle.py's word on DIR. Compared: the set of tensor paths, dtype, shape, stride, requires_grad, the bytes at
`offset`, which tensors are one, modules with class and training flag, plain metadata, weights_only, and `kind` where the
file's first folder names it. Prints every difference and `N passed, M failed`; exit status 1 when any failed.
"""

import collections
import json
import os
import subprocess
import sys
import zlib

KINDS = {"state_dict", "training", "whole_model", "torchscript", "optimizer"}
SHOWN = 12  # differences printed per file


def show(binary, path):
    done = subprocess.run([binary, "show", "--json", path], capture_output=True, timeout=60)
    if done.returncode != 0:
        raise ValueError(f"exit status {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()[:300]}")
    return json.loads(done.stdout)


def by_path(rows):
    found = collections.defaultdict(list)
    for row in rows:
        found[row["path"]].append(row)
    return {path: sorted(same, key=lambda r: (str(r.get("dtype")), r.get("shape") or [])) for path, same in found.items()}


def tensors(path, want, got):
    ignored = [p for p in want["ignore"]]
    if "" in ignored:
        return
    unnamed = lambda p: any(p == i or p.startswith(i + ".") for i in ignored)  # noqa: E731
    a, b = by_path(want["tensors"]), by_path(t for t in got["tensors"] if not unnamed(t["path"]))
    a = {p: rows for p, rows in a.items() if not unnamed(p)}
    for p in a.keys() - b.keys():
        yield f"{p!r} is missing ({a[p][0].get('dtype')} {a[p][0].get('shape')})"
    for p in b.keys() - a.keys():
        yield f"{p!r} does not exist for torch"
    for p in a.keys() & b.keys():
        if len(a[p]) != len(b[p]):
            yield f"{p!r} is listed {len(b[p])} times, torch has {len(a[p])}"
            continue
        for x, y in zip(a[p], b[p]):
            for field in ("dtype", "shape", "stride", "requires_grad"):
                if field in x and x[field] != y.get(field):
                    yield f"{p!r}: {field} {y.get(field)}, torch says {x[field]}"
            yield from bytes_of(path, p, x, y)


def bytes_of(path, name, want, got):
    """The storage's bytes lie where the program says, when it says so."""
    if "storage" not in want or not got.get("stored") or got.get("offset") is None:
        return
    size, checksum = want["storage"]
    file = got.get("file") or path
    if not os.path.exists(file):
        file = os.path.join(os.path.dirname(path), file)
    with open(file, "rb") as f:
        f.seek(got["offset"])
        data = f.read(size)
    if len(data) != size or (size and zlib.crc32(data) != checksum):
        yield f"{name!r}: the storage's {size} bytes are not at offset {got['offset']}"


def consistent(got):
    """Paths, keys and sections of the answer fit each other."""
    counts = collections.Counter(t["section"] for t in got["tensors"])
    named = {s["name"]: s["tensors"] for s in got["sections"]}
    for section, count in counts.items():
        if named.get(section) != count:
            yield f"section {section!r} counts {named.get(section)} tensors, {count} are listed"
    for t in got["tensors"]:
        joined = ".".join(x for x in (t["section"], t["key"]) if x)
        if t["path"].strip(".") != joined.strip("."):
            yield f"path {t['path']!r} is not section {t['section']!r} and key {t['key']!r}"


def sharing(want, got):
    with_ = {t["path"]: set(t.get("shared_with") or []) for t in got["tensors"]}
    for group in want["shared"]:
        for p in group:
            rest = set(group) - {p}
            if p in with_ and not rest <= with_[p]:
                yield f"{p!r} is one tensor with {sorted(rest - with_[p])[:3]}, shared_with does not say so"


def modules(want, got):
    rows = collections.Counter((m["path"], m["class"], m["training"]) for m in got.get("modules", []))
    # torch.fx makes a class of its own for each traced module.
    for m in want["modules"] + want["modules_twice"]:
        m[1] = m[1].removesuffix(".__new__.<locals>.GraphModuleImpl")
    must = collections.Counter(tuple(m) for m in want["modules"])
    may = must + collections.Counter(tuple(m) for m in want["modules_twice"])
    for row in (must - rows).keys():
        yield f"module {row} is missing"
    for row in (rows - may).keys():
        yield f"module {row} does not exist for torch"


def metadata(want, got):
    tree = got.get("metadata")
    for keys, value in want["metadata"]:
        at = tree
        for k in keys:
            if isinstance(at, dict) and at.get("$cycle"):
                break  # the value holds itself; what is inside was compared where it first stood
            try:
                at = at[k]
            except (KeyError, IndexError, TypeError):
                yield f"metadata {keys} is missing, torch says {value!r}"
                break
        else:
            if type(at) is not type(value) or at != value:
                yield f"metadata {keys} is {at!r}, torch says {value!r}"


def differences(binary, path, name, want):
    try:
        got = show(binary, path)
    except Exception as e:
        return [f"{type(e).__name__}: {e}"]
    found = [*tensors(path, want, got), *consistent(got), *sharing(want, got), *metadata(want, got)]
    kind = name.split(os.sep)[0]
    if kind in KINDS and got.get("kind") != kind:
        found.append(f"kind {got.get('kind')}, should be {kind}")
    if want["modules"]:
        found += modules(want, got)
    if "weights_only" in want and got["load"]["weights_only"] != want["weights_only"]:
        found.append(f"weights_only {got['load']['weights_only']}, torch says {want['weights_only']}")
    return found


def main():
    binary, root, expected = sys.argv[1:4]
    with open(expected) as f:
        files = json.load(f)
    failed = 0
    for name, want in files.items():
        found = differences(binary, os.path.join(root, name), name, want)
        failed += bool(found)
        for line in found[:SHOWN]:
            print(f"{name}: {line}")
        if len(found) > SHOWN:
            print(f"{name}: and {len(found) - SHOWN} more")
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
