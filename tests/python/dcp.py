"""Two ranks save, one program reads: python dcp.py BIN VALUES WORK

Two gloo processes train a model under FSDP2 for a step and save it, its optimizer and a few objects with
torch.distributed.checkpoint; and again with its Hugging Face writer. BIN (ckpt-tui) must list, and VALUES (the example of that
name) must read, exactly what torch.distributed.checkpoint itself loads. `ls` must show each folder as one row.
"""

import json
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp
import torch.nn as nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.up, self.down = nn.Linear(6, 13), nn.Linear(13, 6, bias=False)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))


def rank(rank, work, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="2")
    dist.init_process_group("gloo", rank=rank, world_size=2)
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
    from torch.distributed.checkpoint.state_dict import get_state_dict
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor import Shard, distribute_tensor

    torch.manual_seed(0)
    mesh = init_device_mesh("cpu", (2,))
    model = nn.Sequential(nn.Embedding(11, 6), Block(), Block(), nn.Linear(6, 11))
    for block in model:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    model(torch.arange(11)).sum().backward()
    optimizer.step()
    weights, moments = get_state_dict(model, optimizer)
    columns = {name: distribute_tensor(torch.randn(shape).to(dtype), mesh, [Shard(1)])
               for name, shape, dtype in (("wide", (5, 1001), torch.bfloat16), ("narrow", (700, 3), torch.float32), ("deep", (4, 5, 6), torch.float64))}
    state = {"model": weights, "optim": moments, "columns": columns, "step": 12, "epoch": 3, "losses": [0.5, 0.25]}
    dcp.save(state, checkpoint_id=f"{work}/step-12")
    dcp.save(dict(weights), storage_writer=HuggingFaceStorageWriter(f"{work}/hf", save_distributed=True))
    whole = {name: t.full_tensor() if hasattr(t, "full_tensor") else t for name, t in weights.items()}
    if rank == 0:
        torch.save(whole, f"{work}/whole.pt")
    dist.barrier()
    dist.destroy_process_group()
    # Threads that FSDP leaves behind abort an orderly exit now and then ("terminate called without an active exception").
    os._exit(0)


def flat(value, path=""):
    if isinstance(value, torch.Tensor):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return {k: t for key, child in items for k, t in flat(child, f"{path}.{key}" if path else str(key)).items()}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def compare(binary, values, folder, want):
    failed = []
    shown = json.loads(run(binary, "show", "--json", folder))
    listed = {t["path"]: (t["dtype"], t["shape"]) for t in shown["tensors"]}
    expected = {path: (str(t.dtype).removeprefix("torch."), list(t.shape)) for path, t in want.items()}
    if listed != expected:
        failed.append(f"{folder}: lists {sorted(set(listed.items()) ^ set(expected.items()), key=str)[:6]} differently".replace("\n", " "))
    broken = [d for d in shown["diagnostics"] if d["severity"] != "info"]
    if broken or not shown["parts"]:
        failed.append(f"{folder}: {broken}, {len(shown['parts'])} parts")
    for line in run(values, folder).splitlines():
        row = json.loads(line)
        tensor = want[row["path"]].double().flatten()
        if not torch.equal(torch.tensor(row["values"], dtype=torch.float64), tensor):
            failed.append(f"{folder}: {row['path']} has other values")
    return failed


def main(binary, values, work):
    os.makedirs(work, exist_ok=True)
    mp.spawn(rank, args=(work, 29517), nprocs=2)
    from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

    dcp_to_torch_save(f"{work}/step-12", f"{work}/loaded.pt")
    loaded = torch.load(f"{work}/loaded.pt", weights_only=False)
    whole = torch.load(f"{work}/whole.pt", weights_only=True)
    wants = {f"{work}/step-12": flat(loaded), f"{work}/hf": whole}
    failed = [line for folder, want in wants.items() for line in compare(binary, values, folder, want)]
    if any(not torch.equal(loaded["model"][name], t) for name, t in whole.items()):
        failed.append("torch.distributed.checkpoint itself loads other weights than were saved")
    os.remove(f"{work}/loaded.pt"), os.remove(f"{work}/whole.pt")
    rows = [row for found in json.loads(run(binary, "ls", "--json", work))["runs"] for row in found["checkpoints"]]
    got = sorted((os.path.basename(row["path"]), row["format"], row["status"], row["step"], row["epoch"]) for row in rows)
    if got != [("hf", "dcp", "ok", None, None), ("step-12", "dcp", "ok", 12, 3)]:
        failed.append(f"ls shows {got}")
    print("\n".join(failed) or f"{sum(map(len, wants.values()))} tensors of two ranks read as torch loads them")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
