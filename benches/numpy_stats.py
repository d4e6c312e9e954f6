"""The statistics of `ckpt-tui stats` as a person writes them with numpy: python numpy_stats.py FILE float32|bfloat16

FILE is a safetensors file, or a torch zip whose storages are all of that dtype; both are mapped. numpy has no bfloat16: its
elements are widened to float32 tensor by tensor.
"""

import json
import struct
import sys
import zipfile

import numpy as np

LEVELS = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def places(path):
    """(first byte, bytes) of every tensor."""
    with open(path, "rb") as f:
        if path.endswith(".safetensors"):
            (length,) = struct.unpack("<Q", f.read(8))
            header = json.loads(f.read(length))
            for name, entry in header.items():
                if name != "__metadata__":
                    start, end = entry["data_offsets"]
                    yield 8 + length + start, end - start
            return
        for member in zipfile.ZipFile(f).infolist():
            if "/data/" in member.filename:
                f.seek(member.header_offset + 26)
                name, extra = struct.unpack("<HH", f.read(4))
                yield member.header_offset + 30 + name + extra, member.file_size


def statistics(x):
    nan, inf = np.isnan(x).sum(), np.isinf(x).sum()
    f = x if nan + inf == 0 else x[np.isfinite(x)]
    wide = dict(dtype=np.float64)
    return [nan, inf, (f == 0).sum(), f.mean(**wide), f.std(ddof=1, **wide), f.min(), f.max(), np.abs(f).sum(**wide), np.linalg.norm(f),
            np.quantile(f, LEVELS), np.histogram(f, 64)]


def main():
    path, dtype = sys.argv[1:]
    data = np.memmap(path, np.uint8, "r")
    rows = []
    for start, size in places(path):
        x = data[start:start + size]
        x = x.view(np.float32) if dtype == "float32" else (x.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        rows.append(statistics(x))
    print(len(rows), "tensors")


main()
