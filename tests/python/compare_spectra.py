"""Spectra against torch: leading singular values to 1e-4 relative, and the numbers derived from them.

usage: compare_spectra.py CKPT_TUI [BACKEND]

Makes matrices of many shapes, ranks and dtypes, asks `ckpt-tui spectra --json`, and compares with torch.linalg.svdvals in float64.
"""
import json
import math
import subprocess
import sys
import tempfile

import torch

binary, backend = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "cpu"
torch.manual_seed(int.from_bytes(b"svd", "big"))


def low_rank(m, n, r):
    return torch.randn(m, r) @ torch.randn(r, n)


state = {
    "square.weight": torch.randn(200, 200),
    "tall.weight": torch.randn(700, 30),
    "wide.weight": torch.randn(40, 900),
    "low_rank.weight": low_rank(120, 80, 7),
    "decaying.weight": torch.diag(0.8 ** torch.arange(90.0)) @ torch.linalg.qr(torch.randn(90, 90))[0],
    "conv2d.weight": torch.randn(24, 12, 3, 3),
    "conv1d.weight": torch.randn(8, 16, 5),
    "half.weight": torch.randn(64, 96).half(),
    "bf16.weight": torch.randn(96, 64).bfloat16(),
    "double.weight": torch.randn(50, 60, dtype=torch.float64),
    "fp8.weight": torch.randn(33, 44).to(torch.float8_e4m3fn),
    "transposed.weight": torch.randn(70, 110).t(),
    "channels_last.weight": torch.randn(10, 6, 3, 3).to(memory_format=torch.channels_last),
    "zero.weight": torch.zeros(9, 12),
    "one_row.weight": torch.randn(1, 50),
    "tail.weight": torch.diag((torch.arange(1.0, 301.0) / 300) ** -0.5) @ torch.linalg.qr(torch.randn(300, 300))[0],
    "bias": torch.randn(64),
}
with tempfile.NamedTemporaryFile(suffix=".pt") as file:
    torch.save(state, file.name)
    run = subprocess.run([binary, "spectra", file.name, "--json", "--all", "--backend", backend], capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    document = json.loads(run.stdout)
    top = subprocess.run([binary, "spectra", file.name, "--json", "--top", "5", "--backend", backend], capture_output=True)
    largest = {row["path"]: row for row in json.loads(top.stdout)["tensors"]}

if backend == "torch":
    assert "libtorch" in document["backend"] and "faer" not in document["backend"], document["backend"]
rows = {row["path"]: row for row in document["tensors"]}
assert set(rows) == {name for name, tensor in state.items() if tensor.dim() > 1}, set(rows) ^ set(state)


def close(name, what, found, wanted, tolerance):
    assert found is not None and abs(found - wanted) <= tolerance * max(abs(wanted), 1e-12), (name, what, found, wanted)


for name, row in rows.items():
    matrix = state[name].double().flatten(1)
    assert row["matrix"] == list(matrix.shape), (name, row["matrix"])
    want = torch.linalg.svdvals(matrix)
    found = torch.tensor(row["singular_values"], dtype=torch.float64)
    assert found.shape == want.shape, name
    scale = want[0].item()
    assert torch.allclose(found, want, rtol=0, atol=1e-10 * max(scale, 1e-300)), name
    leading = want > 1e-3 * scale
    assert ((found - want).abs()[leading] <= 1e-4 * want[leading]).all(), name
    close(name, "spectral_norm", row["spectral_norm"], scale, 1e-10)
    if scale == 0:
        assert row["condition_number"] is None and row["stable_rank"] is None and row["effective_rank"] is None
        continue
    close(name, "stable_rank", row["stable_rank"], (matrix.norm() / scale).item() ** 2, 1e-9)
    share = want / want.sum()
    share = share[share > 0]
    close(name, "effective_rank", row["effective_rank"], math.exp(-(share * share.log()).sum()), 1e-6)
    assert row["rank"] == torch.linalg.matrix_rank(matrix).item(), (name, row["rank"])
    if row["rank"] == len(want):
        close(name, "condition_number", row["condition_number"], torch.linalg.cond(matrix).item(), 1e-6)
    else:
        assert row["condition_number"] is None, name
    partial = largest[name]
    for value, truth in zip(partial["singular_values"], want):
        assert abs(value - truth) <= partial["error_bound"] + 1e-9 * scale, (name, value, truth, partial["error_bound"])

# p(lambda) ~ lambda^-alpha with lambda_k ~ (k/n)^-1: alpha = 2.
close("tail.weight", "alpha", rows["tail.weight"]["alpha"], 2.0, 0.1)
print(f"{len(rows)} spectra agree with torch ({document['backend']})")
