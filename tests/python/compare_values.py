"""Values, timelines, exports and averages of the program against torch: compare_values.py BINARY WORK [FOLDER of samples]

Value differences must equal torch's in float64 to 1e-9 of scale; exported tensors must equal torch's bit for bit.
"""

import json
import math
import os
import subprocess
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

BINARY, WORK = sys.argv[1], sys.argv[2]
SAMPLES = sys.argv[3] if len(sys.argv) > 3 else None
failures, checks = [], 0


def run(*args, ok=(0,)):
    done = subprocess.run([BINARY, *args], capture_output=True, text=True)
    if done.returncode not in ok:
        raise RuntimeError(f"{' '.join(args)}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def check(what, good):
    global checks
    checks += 1
    if not good:
        failures.append(what)


def close(got, want, scale):
    if want is None or not math.isfinite(want):
        return got is None
    return got is not None and abs(got - want) <= 1e-9 * max(abs(scale), 1e-300)


def finite_pairs(a, b):
    a, b = a.detach().double().flatten(), b.detach().double().flatten()
    both = torch.isfinite(a) & torch.isfinite(b)
    return a[both], b[both]


def fresh():
    """Two state dicts of one model, of many dtypes and layouts."""
    torch.manual_seed(7)
    a, b = {}, {}
    for dtype in [torch.float32, torch.float64, torch.float16, torch.bfloat16]:
        x = torch.randn(300, 257)
        a[f"{dtype}"], b[f"{dtype}"] = x.to(dtype), (x + 1e-2 * torch.randn_like(x)).to(dtype)
    for dtype in [torch.float8_e4m3fn, torch.float8_e5m2]:
        x = torch.randn(1000)
        a[f"{dtype}"], b[f"{dtype}"] = x.to(dtype), (x * 1.1).to(dtype)
    for dtype in [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]:
        a[f"{dtype}"], b[f"{dtype}"] = torch.randint(0, 100, (333,), dtype=dtype), torch.randint(0, 100, (333,), dtype=dtype)
    a["bool"], b["bool"] = torch.rand(99) > 0.5, torch.rand(99) > 0.5
    a["transposed"], b["transposed"] = torch.randn(70, 130).t(), torch.randn(130, 70)
    a["strided"], b["strided"] = torch.randn(64, 64)[::2, 1::3], torch.randn(32, 21)
    a["expanded"], b["expanded"] = torch.randn(1, 50).expand(40, 50), torch.randn(40, 50)
    a["same"] = torch.randn(5000)
    b["same"] = a["same"].clone()
    a["from_zero"], b["from_zero"] = torch.zeros(10), torch.ones(10)
    a["scalar"], b["scalar"] = torch.tensor(2.0), torch.tensor(2.5)
    a["empty"], b["empty"] = torch.zeros(0, 3), torch.zeros(0, 3)
    x = torch.randn(4096)
    a["nan"], b["nan"] = x.clone(), x + 0.1
    a["nan"][5], b["nan"][5], b["nan"][70], a["nan"][9] = math.nan, math.nan, math.nan, math.inf
    a["mixed"], b["mixed"] = torch.randn(2000), torch.randn(2000).bfloat16()
    a["large"] = torch.randn(3_000_000) * 0.02
    b["large"] = a["large"] + 1e-3 * torch.randn(3_000_000)
    a["offset"] = torch.full((1_000_000,), 1000.0) + torch.randn(1_000_000)
    b["offset"] = a["offset"] + 1e-4
    return a, b


def timeline(a, b, first, second):
    got = {row["key"]: row for row in run("timeline", "--no-cache", "--json", first, second)["tensors"]}
    for key, x in a.items():
        y = b[key]
        p, q = finite_pairs(x, y)
        row = got[key]
        norm = p.norm().item()
        change = (q - p).norm().item()
        # A tensor that did not change at all did not change, whatever its norm.
        relative = 0.0 if change == 0 else (change / norm if norm else math.inf)
        check(f"{key}: relative change {row['relative_change'][1]} {relative}", close(row["relative_change"][1], relative, relative))
        for at, tensor in [(0, x), (1, y)]:
            flat = tensor.double().flatten()
            l2 = flat[torch.isfinite(flat)].norm().item()
            check(f"{key}: norm {row['l2'][at]} {l2}", close(row["l2"][at], l2, l2))
            check(f"{key}: nan", row["nan"][at] == int(torch.isnan(flat).sum()))


def differences(a, b, first, second):
    if b"REFERENCE" not in subprocess.run([BINARY, "diff", "--help"], capture_output=True).stdout:
        print("no subcommand diff: differences are not checked")
        return
    answer = run("diff", "--json", first, second, ok=(0, 1))
    got = {row["key"]: row for row in answer["changed"]}
    for key, x in a.items():
        p, q = finite_pairs(x, b[key])
        same = torch.equal(torch.nan_to_num(x.double(), nan=7.5e99), torch.nan_to_num(b[key].double(), nan=7.5e99))
        check(f"{key}: changed", (key in got) != same)
        if key not in got:
            continue
        row, d = got[key], (q - p)
        scale = max(p.abs().max().item(), q.abs().max().item()) if p.numel() else 1
        check(f"{key}: max_abs", close(row["max_abs"], d.abs().max().item() if d.numel() else 0, scale))
        check(f"{key}: l2", close(row["l2"], d.norm().item(), d.norm().item()))
        relative = d.norm().item() / p.norm().item() if p.norm().item() else math.inf
        check(f"{key}: relative_l2", close(row["relative_l2"], relative, relative))
        if p.norm().item() and q.norm().item():
            cosine = (p @ q / (p.norm() * q.norm())).item()
            check(f"{key}: cosine {row['cosine']} {cosine}", close(row["cosine"], cosine, 1))


def same_bits(x, y):
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    # One element may have any stride, and then has no bytes to view.
    x, y = (t.contiguous().flatten().as_strided((t.numel(),), (1,), t.contiguous().storage_offset()) for t in (x, y))
    return x.numel() == 0 or torch.equal(x.view(torch.uint8), y.view(torch.uint8))


def exports(state, path):
    out = os.path.join(WORK, "export.safetensors")
    run("export", "--json", path, "-o", out, "--force")
    loaded = load_file(out)
    check(f"{path}: names", loaded.keys() == state.keys())
    for key, tensor in state.items():
        check(f"{path}: {key} exported", same_bits(loaded[key], tensor))
    for name in ["bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"]:
        run("export", "--json", path, "-o", out, "--force", "--dtype", name)
        loaded, dtype = load_file(out), getattr(torch, name)
        for key, tensor in state.items():
            want = tensor.to(dtype) if tensor.is_floating_point() else tensor
            if tensor.is_floating_point():
                # NaN has many codes.
                good = loaded[key].dtype == dtype and torch.equal(torch.nan_to_num(loaded[key].double(), 7.5), torch.nan_to_num(want.double(), 7.5))
            else:
                good = same_bits(loaded[key], want)
            check(f"{path}: {key} as {name}", good)
    run("export", "--json", path, "-o", out, "--force", "--shard-size", "1MB")
    index = json.load(open(os.path.join(WORK, "export.safetensors.index.json")))
    for key, file in index["weight_map"].items():
        with safe_open(os.path.join(WORK, file), "pt") as shard:
            check(f"{path}: {key} in a shard", same_bits(shard.get_tensor(key), state[key]))
    check(f"{path}: every tensor is in a shard", index["weight_map"].keys() == state.keys())


def views():
    """Conjugate and negative views, quantised tensors, tied weights."""
    z = torch.randn(20, 3, dtype=torch.complex64)
    state = {"conj": z.conj(), "neg": torch._neg_view(torch.randn(20, 3)), "t": z.t(), "w": torch.randn(3, 3), "quant": torch.quantize_per_tensor(torch.randn(40), 0.1, 3, torch.qint8),
             "channel": torch.quantize_per_channel(torch.randn(4, 9), torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0, 1, 2, 3]), 0, torch.qint8)}
    state["tied"] = state["w"]
    path, out = os.path.join(WORK, "views.pt"), os.path.join(WORK, "views.safetensors")
    torch.save(state, path)
    run("export", "--json", path, "-o", out, "--force")
    loaded = load_file(out)
    with safe_open(out, "pt") as file:
        check("tied tensors are named in the metadata", file.metadata().get("w") == "tied" or file.metadata().get("tied") == "w")
    check("tied tensors are written once", len(loaded) == len(state) - 1)
    # Two floats in a byte: bytes change places, and nothing is taken apart.
    packed = torch.randint(0, 256, (6, 5), dtype=torch.uint8)
    four = {"whole": packed.view(torch.float4_e2m1fn_x2), "turned": packed.t().view(torch.uint8).as_strided((5, 6), (1, 5)).view(torch.float4_e2m1fn_x2), "part": packed.view(torch.float4_e2m1fn_x2)[1:4]}
    four_path = os.path.join(WORK, "four.pt")
    torch.save(four, four_path)
    run("export", "--json", four_path, "-o", out, "--force", "--untie")
    with open(out, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    for key, want in {"whole": packed, "turned": packed.t().contiguous(), "part": packed[1:4]}.items():
        begin, end = header[key]["data_offsets"]
        check(f"{key} of 4-bit floats", data[begin:end] == bytes(want.flatten().tolist()))
    run("export", "--json", path, "-o", out, "--force")
    loaded = load_file(out)
    for key in ["conj", "neg", "t"]:
        check(f"{key} is resolved", same_bits(loaded[key], state[key].resolve_conj().resolve_neg().contiguous()))
    for key in ["quant", "channel"]:
        check(f"{key} is dequantised", torch.allclose(loaded[key], state[key].dequantize(), rtol=1e-6, atol=0))


def averages(a, b):
    both = {k: (x, b[k]) for k, x in a.items() if x.dtype == b[k].dtype}
    paths = [os.path.join(WORK, f"average_{n}.pt") for n in range(3)]
    states = [{k: t[0] for k, t in both.items()}, {k: t[1] for k, t in both.items()}, {k: t[1] for k, t in both.items()}]
    for path, state in zip(paths, states):
        torch.save(state, path)
    out = os.path.join(WORK, "average.safetensors")
    run("average", "--json", *paths, "-o", out, "--force")
    loaded = load_file(out)
    for key in both:
        last = states[-1][key]
        want = last
        if last.is_floating_point():
            want = ((states[0][key].double() + states[1][key].double() + states[2][key].double()) / 3).to(last.dtype)
        check(f"{key}: average", loaded[key].dtype == last.dtype and torch.equal(torch.nan_to_num(loaded[key].double(), 7.5), torch.nan_to_num(want.double(), 7.5)))


def samples(folder):
    """Every state dict among the samples that torch loads by itself."""
    count = 0
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(root, name)
            try:
                loaded = torch.load(path, weights_only=True, map_location="cpu")
            except Exception:
                continue
            plain = isinstance(loaded, dict) and loaded and all(
                isinstance(k, str) and isinstance(v, torch.Tensor) and v.layout == torch.strided and not v.is_quantized and not v.is_nested and not v.is_meta for k, v in loaded.items())
            if not plain or any(v.dtype in (torch.complex128,) or "complex32" in str(v.dtype) or "bits" in str(v.dtype)
                                or "float4" in str(v.dtype) and v.ndim == 0 for v in loaded.values()):
                continue
            out = os.path.join(WORK, "sample.safetensors")
            done = subprocess.run([BINARY, "export", "--json", path, "-o", out, "--force", "--untie", "--section", ""], capture_output=True, text=True)
            if done.returncode:
                done = subprocess.run([BINARY, "export", "--json", path, "-o", out, "--force", "--untie"], capture_output=True, text=True)
            check(f"{path}: {done.stderr.strip()}", done.returncode == 0)
            if done.returncode:
                continue
            written = load_file(out)
            count += 1
            for key, tensor in written.items():
                check(f"{path}: {key}", key in loaded and same_bits(tensor, loaded[key].detach().resolve_conj().resolve_neg().contiguous()))
    print(f"{count} state dicts among the samples exported")
    check("some samples were exported", count > 5)


os.makedirs(WORK, exist_ok=True)
a, b = fresh()
first, second = os.path.join(WORK, "epoch_1.pt"), os.path.join(WORK, "epoch_2.pt")
torch.save(a, first), torch.save(b, second)
timeline(a, b, first, second)
differences(a, b, first, second)
exports(a, first)
views()
averages(a, b)
if SAMPLES:
    samples(SAMPLES)
print(f"{checks} checks, {len(failures)} failures")
for line in failures[:40]:
    print("  " + line)
sys.exit(bool(failures))
