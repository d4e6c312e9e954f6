"""What torch itself says about every file of a folder it can load: python oracle.py DIR EXPECTED.json

One entry per file:
  tensors   [{path, dtype, shape, stride, requires_grad, storage: [bytes, crc32]}], `path` as in the command-line contract:
            mapping keys and sequence indices joined with dots; a module stands for its state_dict(), any other object
            for the attributes it was pickled with. Nested tensors have a dtype only.
  ignore    paths under which tensors have no agreed name (arguments of calls, members of sets, tensors as keys)
  modules   [[path, class, training]] as named_modules() lists them; modules_twice: further names of shared modules
  shared    groups of paths that are one and the same tensor
  metadata  [[keys, value]] of the plain scalars
  weights_only  whether torch.load(weights_only=True) loads it in a fresh interpreter (torch containers only)
"""

import collections
import copyreg
import ctypes
import json
import math
import os
import pickle
import sys
import types
import warnings
import zipfile
import zlib

import torch

warnings.simplefilter("ignore")
sys.dont_write_bytecode = True
sys.setrecursionlimit(20000)
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)  # classes of make_files
sys.path.append(os.path.join(HERE, "../../assets/demo"))  # and of the demo
SCALARS = (int, float, bool, str, type(None))


def join(path, key):
    return f"{path}.{key}" if path else str(key)


def pickled_state(obj):
    """(attributes, opaque rest) of an object as pickling writes it."""
    try:
        reduced = obj.__reduce_ex__(2)
    except Exception:
        return {}, None
    if isinstance(reduced, str):
        return {}, None
    made, args, state, items, entries = (list(reduced) + [None] * 5)[:5]
    base = args[1:] if made in (copyreg.__newobj__, copyreg._reconstructor) else args
    rest = [base]
    attributes = {}
    for part in state if isinstance(state, tuple) and len(state) == 2 else [state]:
        if isinstance(part, dict):
            attributes.update(part)
        elif part is not None:
            rest.append(part)
    return attributes, rest


def has_tensor(obj, seen):
    if isinstance(obj, (torch.Tensor, torch.nn.Module)):
        return True
    if id(obj) in seen or isinstance(obj, (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)):
        return False
    seen[id(obj)] = obj  # kept alive, so that no id is used again
    if isinstance(obj, dict):
        return any(has_tensor(x, seen) for kv in obj.items() for x in kv) or has_tensor(getattr(obj, "__dict__", None), seen)
    if isinstance(obj, (list, tuple, set, frozenset, collections.deque)):
        return any(has_tensor(x, seen) for x in obj)
    if isinstance(obj, (*SCALARS, bytes, bytearray)):
        return False
    attributes, rest = pickled_state(obj)
    return has_tensor(attributes, seen) or has_tensor(rest, seen)


class Walk:
    def __init__(self, root):
        self.tensors, self.ignore, self.modules, self.modules_twice = [], [], [], []
        self.open = set()
        self.visit(root, "")

    def visit(self, obj, path):
        if isinstance(obj, torch.Tensor):
            self.tensors.append((path, obj))
            return
        if isinstance(obj, torch.nn.Module):
            self.module(obj, path)
            return
        if isinstance(obj, SCALARS) or not has_tensor(obj, {}) or id(obj) in self.open:
            return
        self.open.add(id(obj))
        if isinstance(obj, dict):
            for k, v in obj.items():
                if isinstance(k, torch.Tensor):
                    self.ignore.append(path)
                else:
                    self.visit(v, join(path, k))
            for k, v in getattr(obj, "__dict__", {}).items():
                self.visit(v, join(path, k))
        elif isinstance(obj, (list, tuple, collections.deque)):
            for i, v in enumerate(obj):
                self.visit(v, join(path, i))
        elif isinstance(obj, (set, frozenset)):
            self.ignore.append(path)
        else:
            attributes, rest = pickled_state(obj)
            if has_tensor(rest, {}):
                self.ignore.append(path)
            for k, v in attributes.items():
                self.visit(v, join(path, k))
        self.open.discard(id(obj))

    def module(self, obj, path):
        for k, v in obj.state_dict(keep_vars=True).items():
            self.visit(v, join(path, k))
        if isinstance(obj, torch.jit.ScriptModule):
            return
        first = {name for name, _ in obj.named_modules()}
        for name, m in obj.named_modules(remove_duplicate=False):
            row = [join(path, name) if name else path, f"{type(m).__module__}.{type(m).__qualname__}", m.training]
            (self.modules if name in first else self.modules_twice).append(row)


def lazy(t):
    return isinstance(t, torch.nn.parameter.UninitializedTensorMixin)


def describe(t, checksum):
    d = {"dtype": str(t.dtype).removeprefix("torch.")}
    if t.is_nested:
        return d
    if lazy(t):
        return {}
    d["shape"] = list(t.shape)
    d["requires_grad"] = t.requires_grad
    if t.layout == torch.strided:
        d["stride"] = list(t.stride())
        if checksum and t.device.type == "cpu":
            storage = t.untyped_storage()
            n = storage.nbytes()
            d["storage"] = [n, zlib.crc32(ctypes.string_at(storage.data_ptr(), n)) if n else 0]
    return d


def shared(tensors):
    groups = collections.defaultdict(list)
    for path, t in tensors:
        if lazy(t):
            continue
        if not t.is_nested and t.layout == torch.strided and t.device.type == "cpu" and t.numel():
            groups[t.untyped_storage().data_ptr(), t.storage_offset(), t.shape, t.stride(), t.dtype].append(path)
    return [g for g in groups.values() if len(g) > 1]


def scalars(obj, keys, out, depth=0):
    """Plain scalars behind plain containers and plain attributes; objects are named by their class."""
    if type(obj) in SCALARS:
        if isinstance(obj, str) and not obj.isprintable() or isinstance(obj, int) and abs(obj) >= 1 << 63:
            return
        out.append([keys, None if isinstance(obj, float) and not math.isfinite(obj) else obj])
    elif depth > 5:
        return
    elif type(obj) in (dict, collections.OrderedDict):
        names = [str(k) for k in obj]
        for k, v in zip(names, obj.values()):
            if names.count(k) == 1 and k.isprintable():
                scalars(v, keys + [k], out, depth + 1)
    elif type(obj) in (list, tuple) and len(obj) < 100:
        for i, v in enumerate(obj):
            scalars(v, keys + [i], out, depth + 1)
    elif type(obj).__module__ in ("argparse", "make_files", "types") and hasattr(obj, "__dict__") and not isinstance(obj, (dict, list, torch.nn.Module, type, tuple)):
        attributes, rest = pickled_state(obj)
        if not any(rest or []):
            out.append([keys + ["$class"], f"{type(obj).__module__}.{type(obj).__qualname__}"])
            for k, v in attributes.items():
                scalars(v, keys + [k], out, depth + 1)


def load(path):
    """(object, metadata or None, container) by content, or None."""
    with open(path, "rb") as f:
        head = f.read(64)
        if head[8:9] == b"{":
            from safetensors import safe_open
            with safe_open(path, "pt") as st:
                return {k: st.get_tensor(k).clone() for k in st.keys()}, st.metadata() or {}, "safetensors"
        if head[:2] == b"PK":
            with zipfile.ZipFile(path) as z:
                names = {n.split("/", 1)[-1]: n for n in z.namelist()}
                if "constants.pkl" in names:
                    return torch.jit.load(path, map_location="cpu"), None, "torchscript"
                big = False
                if "byteorder" in names:
                    with z.open(names["byteorder"]) as record:
                        record._expected_crc = None  # torch can be told to write no checksums
                        big = record.read() == b"big"
            f.seek(0)
            return torch.load(f, map_location="cpu", weights_only=False), None, "big" if big else "torch"
        if b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19" in head or head.startswith(b"L119547037146038801333356L"):
            f.seek(0)
            return torch.load(f, map_location="cpu", weights_only=False), None, "torch"
        if head[:1] != b"\x80" and not path.endswith((".pkl", ".pickle")):  # logs, scripts and the like
            return None
        f.seek(0)
        return pickle.load(f), None, "pickle"


def weights_only(path):
    try:
        with open(path, "rb") as f:
            torch.load(f, map_location="cpu", weights_only=True)
        return True
    except Exception:
        return False


def entry(path, plain):
    loaded = load(path)
    if loaded is None:
        return None
    obj, metadata, container = loaded
    walk = Walk(obj)
    rows = []
    for name, t in walk.tensors:
        row = {"path": name, **describe(t, container != "big")}
        if container == "safetensors":
            del row["requires_grad"]
        rows.append(row)
    found = []
    scalars(obj if metadata is None else metadata, [], found)
    result = {"tensors": rows, "ignore": sorted(set(walk.ignore)), "modules": walk.modules, "modules_twice": walk.modules_twice,
              "shared": [] if container == "safetensors" else shared(walk.tensors), "metadata": found}
    if container in ("torch", "big"):
        result["weights_only"] = plain
    return result


def main():
    root, out = sys.argv[1:3]
    torch.set_num_threads(1)
    paths = [os.path.join(folder, name) for folder, _, files in sorted(os.walk(root)) for name in sorted(files)]
    paths = [path for path in paths if not os.path.islink(path)]
    # First of all: loading other files imports what makes more classes known to torch's safe loader.
    plain = {path: weights_only(path) for path in paths}
    result = {}
    for path in paths:
        name = os.path.relpath(path, root)
        try:
            found = entry(path, plain[path])
        except Exception as e:
            print(f"{name}: torch cannot load it: {type(e).__name__}: {str(e)[:100]}", file=sys.stderr)
            continue
        if found:
            result[name] = found
    with open(out, "w") as f:
        json.dump(result, f, indent=0)
    print(len(result), "files,", sum(len(r["tensors"]) for r in result.values()), "tensors")


if __name__ == "__main__":
    main()
