"""Fresh files of other libraries, compared with those libraries: python containers.py BIN FOLDER

numpy, gguf, h5py, onnx and msgpack write files of random content into FOLDER. `ckpt-tui show --json` must list every array with its name,
dtype and shape, the bytes at `offset` must be the array's where it lies in the file as it is, and `ckpt-tui stats --json` must
give the statistics numpy computes; the load lines are run where nothing but the library is needed. Prints every difference and `N passed, M failed`; exit status 1 when any failed.
"""

import json
import subprocess
import sys
from pathlib import Path

import gguf
import h5py
import msgpack
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(20)
PLAIN = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "c8", "c16"]
LARGE = (300, 70)


def array(code, shape=(7, 5)):
    dtype = np.dtype(code)
    if dtype.kind == "b":
        return RNG.random(shape) < 0.3
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return RNG.integers(max(info.min, -(2**40)), min(info.max, 2**40), shape).astype(dtype)
    parts = RNG.normal(size=shape)
    return (parts + 1j * RNG.normal(size=shape) if dtype.kind == "c" else parts).astype(dtype)


def numpy_files(folder):
    arrays = {np.dtype(code).name: array(code) for code in PLAIN}
    arrays |= {f"big.{np.dtype(code).name}": array(code).astype(np.dtype(code).newbyteorder(">")) for code in PLAIN if np.dtype(code).itemsize > 1}
    arrays |= {"fortran": np.asfortranarray(array("f4", (4, 6, 3))), "scalar": np.array(2.5), "empty": np.zeros((0, 3)), "large": array("f4", LARGE), "with/slash": array("i4")}
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    yield "stored.npz", arrays
    yield "deflated.npz", arrays
    for name in ("float32", "big.int16", "fortran", "scalar", "empty"):
        np.save(folder / f"{name}.npy", arrays[name])
        yield f"{name}.npy", {"array": arrays[name]}


def gguf_files(folder):
    kinds = [k for k in gguf.GGMLQuantizationType if k in gguf.quants._type_traits and k.name not in ("F32", "F16", "BF16")]
    for order in (gguf.GGUFEndian.LITTLE, gguf.GGUFEndian.BIG):
        name = f"{order.name.lower()}.gguf"
        writer = gguf.GGUFWriter(str(folder / name), "llama", endianess=order)
        writer.add_array("tokens", [f"t{i}" for i in range(1000)])
        wanted = {code: array(code) for code in ("f4", "f2", "f8", "i1", "i2", "i4", "i8")}
        for key, value in wanted.items():
            writer.add_tensor(key, value)
        for kind in kinds if order == gguf.GGUFEndian.LITTLE else []:
            plain = array("f4", (6, 512))
            try:
                packed = gguf.quants.quantize(plain, kind)
            except NotImplementedError:
                continue  # the package only reads it; fixtures have it
            writer.add_tensor(kind.name, packed, raw_dtype=kind)
            wanted[kind.name] = (kind.name, gguf.quants.dequantize(packed, kind))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        yield name, wanted


def hdf5_files(folder):
    for name, options in (("old.h5", {}), ("new.h5", {"libver": "latest"}), ("block.h5", {"userblock_size": 1024})):
        wanted = {}
        with h5py.File(folder / name, "w", **options) as file:
            def put(key, value, **how):
                if "chunks" in how:
                    how["chunks"] = tuple(map(min, how["chunks"], np.shape(value)))
                file.create_dataset(key, data=value, **how)
                wanted[key.replace("/", ".")] = np.asarray(value)

            for code in PLAIN:
                put(f"layers/{np.dtype(code).name}/vars/0", array(code))
            for code in ("f4", "i2", "f8"):
                put(f"big/{code}", array(code).astype(np.dtype(code).newbyteorder(">")))
                put(f"big/chunked_{code}", array(code, LARGE).astype(np.dtype(code).newbyteorder(">")), chunks=(32, 16), compression="gzip")
            for code in PLAIN:
                put(f"chunked/{np.dtype(code).name}", array(code, LARGE), chunks=(64, 33), compression="gzip", shuffle=True, fletcher32=True)
            put("chunked/plain", array("f4", LARGE), chunks=(7, 70))
            put("chunked/line", array("f4", (1000,)), chunks=(128,), compression=9)
            put("chunked/cube", array("f4", (9, 8, 7)), chunks=(4, 3, 2), compression=1)
            put("scalar", 3.5)
            put("empty", np.zeros((0, 3), "f4"))
            file.create_dataset("unwritten", (4, 4), "f4")
            wanted["unwritten"] = np.zeros((4, 4), "f4")
            file.create_dataset("grown", (10, 4), "f4", maxshape=(None, 4), chunks=(4, 4))[:6] = 1
            wanted["grown"] = np.vstack([np.ones((6, 4)), np.zeros((4, 4))]).astype("f4")
            file.create_dataset("words", data=["a", "bc"])
            wanted["words"] = ("text", None, (2,))
            file["link"] = file["scalar"]
            wanted["link"] = wanted["scalar"]
            file.attrs["keras_version"] = "3.0"
            file.attrs["names"] = ["x", "y"]
        yield name, wanted


def onnx_files(folder):
    kinds = {"FLOAT": "f4", "DOUBLE": "f8", "FLOAT16": "f2", "INT64": "i8", "INT32": "i4", "INT16": "i2", "INT8": "i1", "UINT64": "u8", "UINT32": "u4", "UINT16": "u2", "UINT8": "u1", "BOOL": "?", "COMPLEX64": "c8", "COMPLEX128": "c16"}
    tensors, wanted = [], {}
    for kind, code in kinds.items():
        value = array(code)
        tensors.append(numpy_helper.from_array(value, f"raw.{kind}"))
        wanted[f"raw.{kind}"] = value
        # Lists of numbers, as older exporters write.
        tensors.append(helper.make_tensor(f"list.{kind}", getattr(TensorProto, kind), value.shape, value.ravel()))
        wanted[f"list.{kind}"] = value
    for kind, low, high in (("INT4", -8, 8), ("UINT4", 0, 16)):
        value = RNG.integers(low, high, 7)
        tensors.append(helper.make_tensor(f"list.{kind}", getattr(TensorProto, kind), (7,), value))
        wanted[f"list.{kind}"] = (kind.lower(), value)
    graph = lambda initialisers: helper.make_model(helper.make_graph([], "g", [], [], initialisers))  # noqa: E731
    onnx.save(graph(tensors), str(folder / "inline.onnx"))
    yield "inline.onnx", wanted
    value = {"a": array("f4", LARGE), "b": array("i8", LARGE)}
    onnx.save(graph([numpy_helper.from_array(v, k) for k, v in value.items()]), str(folder / "outside.onnx"), save_as_external_data=True, location="outside.data", size_threshold=16)
    yield "outside.onnx", value


def msgpack_files(folder):
    """As flax.serialization writes; Flax itself is a large download."""
    pack = lambda value: msgpack.packb(value, default=extension, strict_types=True, use_bin_type=True)  # noqa: E731

    def extension(value):
        if isinstance(value, np.ndarray):
            return msgpack.ExtType(1, msgpack.packb((value.shape, value.dtype.name, value.tobytes("C")), use_bin_type=True))
        return msgpack.ExtType(3, msgpack.packb(((), value.dtype.name, value.tobytes()), use_bin_type=True))

    wanted = {f"params.{np.dtype(code).name}": array(code) for code in PLAIN}
    large = array("f4", LARGE)
    flat = large.ravel()
    tree = {"params": {key.removeprefix("params."): value for key, value in wanted.items()}, "step": 3, "lr": np.float32(0.5), "big": {
        "__msgpack_chunked_array__": True, "shape": {"0": LARGE[0], "1": LARGE[1]}, "chunks": {str(i): part for i, part in enumerate(np.array_split(flat, 5))}}}
    (folder / "state.msgpack").write_bytes(pack(tree))
    yield "state.msgpack", wanted | {"lr": np.float32(0.5), "big": large}


def run(binary, command, path):
    done = subprocess.run([binary, command, "--json", str(path)], capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1):
        raise ValueError(f"{command}: exit status {done.returncode}: {done.stderr.strip()[:300]}")
    return json.loads(done.stdout)


def near(got, want, scale):
    return got is not None and abs(got - want) <= 1e-9 * scale + 1e-300


def statistics(row, values):
    flat = (np.abs(values) if np.iscomplexobj(values) else values).astype(np.longdouble).ravel()
    if flat.size == 0:
        return []
    scale = float(np.abs(flat).max()) or 1.0
    want = {"count": flat.size, "min": float(flat.min()), "max": float(flat.max()), "mean": float(flat.mean()), "l2": float(np.sqrt((flat**2).sum()))}
    return [f"{key} is {row.get(key)}, numpy says {value}" for key, value in want.items() if not near(row.get(key), value, scale * flat.size)]


def compare(binary, path, wanted):
    shown = run(binary, "show", path)
    rows = {row["path"]: row for row in shown["tensors"]}
    broken = [d["message"] for d in shown["diagnostics"] if d["severity"] == "broken"]
    found = [f"a finding: {message}" for message in broken]
    found += [f"{key} is not listed" for key in wanted.keys() - rows.keys()] + [f"{key} is listed" for key in rows.keys() - wanted.keys()]
    stats = {row["path"]: row for row in run(binary, "stats", path)["tensors"]} if has_stats(binary) else None
    for key, want in wanted.items():
        row = rows.get(key)
        if row is None:
            continue
        dtype, values, shape = (*want, None)[:3] if isinstance(want, tuple) else (want.dtype.name, want, None)
        shape = list(np.shape(values)) if shape is None else list(shape)
        if (row["dtype"], row["shape"]) != (dtype, shape):
            found.append(f"{key} is {row['dtype']} {row['shape']}, not {dtype} {shape}")
        elif stats is not None and values is not None and np.size(values):
            found += [f"{key}: {text}" for text in statistics(stats.get(key, {}), np.asarray(values))]
        if isinstance(want, np.ndarray) and row.get("offset") is not None and path.suffix in (".npy", ".gguf", ".h5"):
            data = Path(row["file"]).read_bytes()[row["offset"]:row["offset"] + row["bytes"]]
            if path.name != "big.gguf" and sorted(data) != sorted(want.tobytes()):
                found.append(f"{key}: other bytes at {row['offset']}")
    if path.suffix in (".npz", ".npy", ".gguf", ".onnx"):
        found += snippet(path, shown, wanted)
    return found


def snippet(path, shown, wanted):
    """The printed lines, run: they must give the names that are listed."""
    space = {}
    try:
        exec(shown["load"]["snippet"], space)
    except Exception as e:
        return [f"its load lines fail: {e!r}"]
    loaded = space.get("state_dict", space.get("arrays"))
    return [f"its load lines give {sorted(loaded)}"] if loaded is not None and set(loaded) != set(wanted) else []


def has_stats(binary, known={}):
    if binary not in known:
        known[binary] = "stats" in subprocess.run([binary, "--help"], capture_output=True, text=True).stdout
    return known[binary]


def main(binary, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    for files in (numpy_files, gguf_files, hdf5_files, onnx_files, msgpack_files):
        for name, wanted in files(folder):
            try:
                found = compare(binary, folder / name, wanted)
            except (ValueError, KeyError) as e:
                found = [repr(e)]
            passed, failed = passed + (not found), failed + bool(found)
            for text in found[:12]:
                print(f"{name}: {text}")
    if not has_stats(binary):
        print("values are not compared: this build has no `stats`")
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
