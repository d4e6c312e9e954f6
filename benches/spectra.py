"""All singular values by faer, and by libtorch on the CPU: processor and wall time of the whole process, taking turns.

usage: benches/spectra.py BIN [-n RUNS] [--helper] [SHAPE...]   (BIN a release build; --helper: ckpt-tui-torch beside it or in $CKPT_TUI_TORCH)

Run it with a Python that has torch: libtorch is timed as torch.linalg.svdvals of a float64 matrix in memory, without a process
around it; faer as the whole `ckpt-tui spectra --all`. With --helper, libtorch as ckpt-tui asks it is timed, too.
Prints the table of docs/performance.md: medians of RUNS (3).
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch

parser = argparse.ArgumentParser()
parser.add_argument("binary")
parser.add_argument("-n", "--runs", type=int, default=3)
parser.add_argument("--helper", action="store_true")
parser.add_argument("shapes", nargs="*", default=["1024x1024", "1024x4096", "4096x4096"])
options = parser.parse_intermixed_args()


def timed(work):
    """Wall and processor seconds, of this process and of those it waits for."""

    def processor():
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    wall, before = time.perf_counter(), processor()
    result = work()
    return time.perf_counter() - wall, processor() - before, result


def ours(path, backend):
    command = [options.binary, "spectra", path, "--json", "--all", "--backend", backend]
    document = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert ("libtorch" in document["backend"]) == (backend == "torch"), document["backend"]
    return document["tensors"][0]["singular_values"]


def median(times, at):
    return statistics.median(one[at] for one in times)


print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
print("| matrix | faer: wall, processor | libtorch: wall, processor | faer in libtorch's: wall, processor | through the helper |")
print("|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    for shape in options.shapes:
        rows, columns = map(int, shape.split("x"))
        torch.manual_seed(0)
        matrix = torch.randn(rows, columns)
        path = str(Path(folder) / f"{shape}.pt")
        torch.save({"weight": matrix}, path)
        matrix = matrix.double()
        faer, libtorch, helper = [], [], []
        for _ in range(options.runs):
            faer.append(timed(lambda: ours(path, "cpu")))
            libtorch.append(timed(lambda: torch.linalg.svdvals(matrix)))
            if options.helper:
                helper.append(timed(lambda: ours(path, "torch")))
        truth = libtorch[0][2]
        for _, _, values in [faer[0], *helper[:1]]:
            assert torch.allclose(torch.tensor(values, dtype=torch.float64), truth, rtol=1e-4, atol=1e-9 * truth[0].item())
        wall, processor = (median(faer, at) / median(libtorch, at) for at in (0, 1))
        cells = [f"{median(times, 0):.3g} s, {median(times, 1):.3g} s" if times else "-" for times in (faer, libtorch, helper)]
        print(f"| {shape} | {cells[0]} | {cells[1]} | {wall:.2f}, {processor:.2f} | {cells[2]} |", flush=True)
