"""Compares `ckpt-tui diff` with torch on the pairs of make_mismatch.py: torch's verdict and its very words, and for
each pair that can be repaired: the printed lines, run under torch, load strictly and give the right weights, and
`export --repair` writes a file that loads and holds the same.

python check_mismatch.py CKPT_TUI FOLDER"""

import json
import pathlib
import subprocess
import sys

import make_mismatch
import make_mismatch_hard  # noqa: F401, adds pairs
import torch
from safetensors.torch import load_file

BIN, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def run(*args):
    return subprocess.run([BIN, *map(str, args)], capture_output=True, text=True)


def same(a, b):
    return torch.equal(a, b) or a.is_floating_point() and torch.allclose(a.float(), b.float(), rtol=1e-3 if b.dtype == torch.float16 or a.dtype == torch.float16 else 1e-5, atol=1e-3)


def check(name, entry):
    a, b = FOLDER / f"{name}_a.pt", FOLDER / f"{name}_b.{entry['suffix']}"
    done = run("diff", a, b, "--json", "--class", entry["class"])
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert found["torch_message"] == entry["strict"] or entry["hook"], f"{found['torch_message']}\n--- torch:\n{entry['strict']}"
    if entry["hook"]:
        pass
    elif "missing" in entry:
        assert (found["missing"], found["unexpected"]) == (entry["missing"], entry["unexpected"]), "lists"
    else:
        assert found["torch_message_loose"] == entry["loose"], f"{found['torch_message_loose']}\n--- torch:\n{entry['loose']}"
    after = found["after_repairs"]
    for repair in found["repairs"]:
        if repair["applied"]:
            before, then = repair["before"], repair["after"]
            gained = then["matched"] > before["matched"] or sum(then.values()) - then["matched"] < sum(before.values()) - before["matched"]
            assert gained, f"{repair['rule']} gained nothing"
    said = [repair["rule"] for repair in found["repairs"]]
    assert set(entry["rules"]) <= set(said), f"said {said}, not {entry['rules']}"
    if entry["left"]:
        left = after["missing"], after["unexpected"], [m["key"] for m in after["shape_mismatch"]]
        assert [sorted(x) for x in left] == [sorted(x) for x in entry["left"]], f"left {left}"
    if not entry["repairable"]:
        assert not after["loads_strict"], "was not to be repaired"
        return
    assert after["loads_strict"], json.dumps({k: after[k] for k in after}, indent=1) + "\n" + "\n".join(r["title"] for r in found["repairs"])
    if entry["strict"].startswith("<All"):
        return
    model = make_mismatch.models[name]
    names = {"model": model}
    exec(found["snippet"], names)
    weights = FOLDER / f"{name}.weights.pt"
    if weights.exists():
        wanted = torch.load(weights)
        own = model.state_dict()
        assert all(same(own[k], v) for k, v in wanted.items()), "the snippet mixed tensors up: " + str([k for k, v in wanted.items() if not same(own[k], v)])
    out = FOLDER / f"{name}.repaired.safetensors"
    done = run("export", b, "--repair", a, "-o", out, "--force")
    assert done.returncode == 0, done.stderr
    own = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(load_file(out))
    wrong = [k for k, v in model.state_dict().items() if not same(v, own[k])]
    assert not wrong, f"export differs from the snippet: {wrong}"


failed = 0
pairs = json.loads((FOLDER / "expected.json").read_text())
for name, entry in pairs.items():
    try:
        check(name, entry)
    except Exception as error:
        failed += 1
        print(f"FAILED {name}: {type(error).__name__}: {error}"[:1800])
print(f"{len(pairs) - failed} of {len(pairs)} pairs agree with torch")
sys.exit(1 if failed else 0)
