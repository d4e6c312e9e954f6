"""TorchScript through the libtorch helper: our values equal libtorch's, and a forward pass sees NaN.

usage: torchscript.py CKPT_TUI   (with ckpt-tui-torch beside it)
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

binary = sys.argv[1]


class Net(nn.Module):
    def __init__(self, broken: bool):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)
        self.scale = nn.Parameter(torch.randn(3, dtype=torch.complex64))
        self.brain = nn.Parameter(torch.randn(5).bfloat16())
        self.broken = broken

    def forward(self, x):
        y = self.fc(self.bn(self.conv(x)).mean((2, 3)))
        return (y, {"root": (y * 0 - 1).sqrt() if self.broken else y})


def run(*args):
    return subprocess.run([binary, "torch", *args], capture_output=True, text=True)


with tempfile.TemporaryDirectory() as folder:
    for broken in (False, True):
        net = Net(broken).eval()
        path = str(Path(folder) / f"net_{broken}.pt")
        torch.jit.save(torch.jit.script(net), path)
        verify = run("verify", path)
        count = len(list(net.parameters()))
        assert verify.returncode == 0 and f"{count} of {count} parameters are equal" in verify.stdout, verify
        stats = json.loads(run("stats", path, "--json").stdout)["parameters"]
        for row in stats:
            if row["dtype"] in ("complex64", "bfloat16"):
                continue
            tensor = dict(net.named_parameters())[row["name"]].double()
            assert abs(row["mean"] - tensor.mean().item()) < 1e-12 and row["shape"] == list(tensor.shape), row
        forward = run("run", path, "--input", "2x3x8x8", "--json")
        outputs = json.loads(forward.stdout)
        assert forward.returncode == int(broken), forward
        assert [o["shape"] for o in outputs["outputs"]] == [[2, 2], [2, 2]], outputs
        assert outputs["outputs"][1]["nan"] == (4 if broken else 0) and outputs["finite"] == (not broken)
        assert len(outputs["seconds"]) == 4
    wrong = run("run", path, "--input", "2x5")
    assert wrong.returncode == 2 and "RuntimeError" in wrong.stderr, wrong
    none = run("run", path, "--input", "2x3x8x8", "--device", "cuda:99")
    assert none.returncode == 2 and len(none.stderr.strip().splitlines()) == 2, none
print("TorchScript values and forward passes agree with torch")
