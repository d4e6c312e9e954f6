"""Fresh checkpoints of many kinds, written by torch itself: python make_files.py OUT [SEED]

Shapes, names, values, pickle protocols and containers are drawn from SEED (default: the clock, printed). The first
folder of a file's path is the `kind` that `ckpt-tui show` must report; what lies in `mixed` has no one answer.
Every file is loaded again right after it was written, so a difference found later is not the file's fault. What this
torch cannot write or read back is reported and left out.
"""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import os
import pathlib
import pickle
import random
import shutil
import sys
import time
import types
import uuid
import warnings
import zipfile

import numpy as np
import torch
from torch import nn

warnings.filterwarnings("ignore")
sys.dont_write_bytecode = True

# Classes that the pickles name. They live at module level so that oracle.py can import them.


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(b)
        self.act = nn.GELU()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    """Everything a hand-written module may hold besides layers."""

    def __init__(self, width=4, classes=3):
        super().__init__()
        self.stem = Block(3, width)
        self.layers = nn.ModuleList(Block(width, width) for _ in range(2))
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(width, classes)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_parameter("no_parameter", None)
        self.register_buffer("mask", torch.ones(width, dtype=torch.bool))
        self.register_buffer("positions", torch.arange(width), persistent=False)
        self.register_buffer("no_buffer", None)
        self.config = {"width": width, "classes": classes}
        self.names = ["a", "b"]
        self.loose = torch.zeros(2)  # a plain attribute: not in the state dict
        self.unregistered = [nn.Linear(1, 1)]  # neither

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.drop(x.mean((2, 3)))) * self.scale


class Outer:
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)


class Stack(nn.Sequential):
    pass


class Forgetful(nn.Module):
    """Drops a cache when pickled."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.cache = torch.zeros(1000)

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "cache"}


class TiedModel(nn.Module):
    def __init__(self, vocabulary=11, width=4):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.body = nn.Linear(width, width)
        self.again = self.body  # one module under two names
        self.out = nn.Linear(width, vocabulary, bias=False)
        self.out.weight = self.embed.weight


class Scripted(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.bn = nn.BatchNorm2d(width)
        self.blocks = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)])
        self.table = nn.ModuleDict({"x": nn.Linear(width, 2)})
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("hidden", torch.zeros(2), persistent=False)
        self.scale = nn.Parameter(torch.ones(2))
        self.loose = torch.ones(3)
        self.names = ["a", "b"]
        self.number = 3

    def forward(self, x):
        x = self.bn(self.conv(x - self.mean[:, None, None])).mean((2, 3)) * self.number + self.loose.sum() + self.hidden.sum()
        for block in self.blocks:
            x = block(x)
        return self.table["x"](x) * self.scale


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 2


class Name(str, enum.Enum):
    G = "g"


@dataclasses.dataclass
class Config:
    lr: float = 1e-3
    layers: int = 4
    name: str = "base"


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    lr: float = 1e-3
    weight: object = None


class Plain:
    def __init__(self, **kw):
        self.__dict__.update(kw)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class MyDict(dict):
    pass


class MyList(list):
    pass


class Called:
    """Pickles as a call with arguments, so its attributes are unknown to whoever does not run it."""

    def __init__(self, weight):
        self.weight = weight

    def __reduce__(self):
        return Called, (self.weight,)


class OddState:
    def __init__(self, weight):
        self.weight = weight

    def __getstate__(self):
        return [1, self.weight]

    def __setstate__(self, state):
        self.weight = state[1]


Pair = collections.namedtuple("Pair", "weight bias")


class Subclass(torch.Tensor):
    pass


def hook(module, args, output):
    return output


# Writing.

OUT = SEED = None
R = random.Random()
written, left_out = [], []


def target(name):
    path = os.path.join(OUT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def attempt(name, write, read):
    """Writes and reads back one file; notes what cannot be done with this torch."""
    path = target(name)
    try:
        write(path)
        read(path)
        written.append(name)
    except Exception as e:
        left_out.append((name, f"{type(e).__name__}: {str(e).splitlines()[0][:120] if str(e) else ''}"))
        if os.path.exists(path):
            os.remove(path)


def load(path):
    with open(path, "rb") as f:  # by content: given a path, torch.load goes by a .safetensors suffix
        return torch.load(f, map_location="cpu", weights_only=False)


def save(name, obj, **kw):
    attempt(name, lambda path: torch.save(obj, path, **kw), load)


def save_any(name, obj):
    """In a container and protocol drawn at random, most often the default ones."""
    kw = {}
    if R.random() < 0.5:
        kw["pickle_protocol"] = R.choice([2, 3, 4, 5])
    if R.random() < 0.25:
        kw["_use_new_zipfile_serialization"] = False
    save(name, obj, **kw)


def buffered(obj, **kw):
    b = io.BytesIO()
    torch.save(obj, b, **kw)
    return b.getvalue()


def put(name, data, read=load):
    def write(path):
        with open(path, "wb") as f:
            f.write(data)
    attempt(name, write, read)


def rezipped(data, method=zipfile.ZIP_STORED, folders=False, change=lambda name, data: data):
    """The archive as a person makes it who unpacked and zipped the folder again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as a, zipfile.ZipFile(out, "w", method) as b:
        root = a.namelist()[0].split("/")[0]
        for folder in (f"{root}/", f"{root}/data/") if folders else ():
            b.writestr(folder, b"")
        for name in a.namelist():
            b.writestr(name, change(name, a.read(name)))
    return out.getvalue()


# Values.

def size():
    return [R.randint(1, 6) for _ in range(R.randint(1, 4))]


DTYPES = sorted({v for v in vars(torch).values() if isinstance(v, torch.dtype)}, key=str)


def raw(dtype, shape):
    """A tensor of any dtype with random bytes."""
    t = torch.empty(shape, dtype=dtype)
    n = t.untyped_storage().nbytes()
    top = 2 if dtype == torch.bool else 256
    t.untyped_storage().copy_(torch.randint(0, top, (n,), dtype=torch.uint8).untyped_storage())
    return t


def savable(dtype, write=None):
    """Not every dtype can be saved; safetensors has no name for some, and the legacy container reads none back
    that lacks a storage class of its own."""
    try:
        data = (write or buffered)(raw(dtype, (2,)))
        return data is None or bool(torch.load(io.BytesIO(data), weights_only=False).dtype)
    except Exception:
        return False


def tensor():
    t = raw(R.choice(COMMON), size())
    return t.transpose(0, -1) if R.random() < 0.2 else t


COMMON = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64]


def network():
    """A random stack of ordinary layers on [batch, width], used for weights and optimizers."""
    width, layers = R.randint(2, 6), []
    for _ in range(R.randint(1, 4)):
        after = R.randint(2, 6)
        layers += [nn.Linear(width, after, bias=not layers or R.random() < 0.8), R.choice([nn.ReLU(), nn.BatchNorm1d(after), nn.LayerNorm(after), nn.PReLU(), nn.Dropout(0.2)])]
        width = after
    return nn.Sequential(*layers)


def stepped(net, cls=torch.optim.AdamW, **kw):
    """An optimizer that has taken a step, so that it has state."""
    optimizer = cls(net.parameters(), **kw)
    first = next(m for m in net.modules() if isinstance(m, nn.Linear))

    def closure():
        optimizer.zero_grad()
        loss = net(torch.randn(4, first.in_features)).square().sum()
        loss.backward()
        return loss
    optimizer.step(closure)
    return optimizer


def stock_modules():
    yield "conv", nn.Sequential(nn.Conv1d(2, 3, 3), nn.ConvTranspose2d(2, 4, 3, groups=2, bias=False), nn.Conv3d(1, 2, 3, padding_mode="circular"), nn.BatchNorm2d(4, affine=False), nn.BatchNorm3d(2, track_running_stats=False), nn.GroupNorm(2, 4), nn.InstanceNorm1d(3, affine=True), nn.LayerNorm([2, 3]), nn.RMSNorm(4), nn.PReLU(2), nn.Dropout2d(), nn.Flatten(), nn.Upsample(scale_factor=2))
    yield "lstm", nn.LSTM(R.randint(2, 4), 4, num_layers=2, bidirectional=True, proj_size=2)
    yield "gru", nn.GRU(3, R.randint(2, 5), num_layers=2, dropout=0.1, batch_first=True)
    yield "rnn_cells", nn.ModuleList([nn.RNN(2, 3, nonlinearity="relu"), nn.LSTMCell(2, 3), nn.GRUCell(2, 3, bias=False)])
    yield "attention", nn.ModuleDict({"same": nn.MultiheadAttention(4, 2), "other": nn.MultiheadAttention(4, 2, kdim=3, vdim=5, add_bias_kv=True, bias=False)})
    yield "transformer", nn.Transformer(8, 2, 1, 2, 16)
    yield "encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, norm_first=True, batch_first=True), 2, norm=nn.LayerNorm(8))
    yield "embedding", nn.ModuleDict({"e": nn.Embedding(R.randint(4, 9), 3, padding_idx=0), "bag": nn.EmbeddingBag(5, 2, mode="sum", sparse=True)})
    yield "lists", nn.ModuleDict({"pl": nn.ParameterList([torch.randn(2), nn.Parameter(torch.randn(1), requires_grad=False), "text"]), "pd": nn.ParameterDict({"a": torch.ones(1), "b": torch.zeros(2, 2)}), "seq": nn.Sequential(collections.OrderedDict(first=nn.Bilinear(2, 3, 1), second=nn.Identity()))})
    yield "parallel", nn.DataParallel(Net())
    yield "averaged", torch.optim.swa_utils.AveragedModel(network())
    yield "old_norms", nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 3)), nn.utils.spectral_norm(nn.Linear(3, 2)))
    yield "lazy", nn.Sequential(nn.LazyLinear(4), nn.ReLU())
    yield "linear_alone", nn.Linear(R.randint(1, 5), R.randint(1, 5))
    yield "no_tensors", nn.Sequential(nn.ReLU(), nn.Dropout())


def own_modules():
    yield "net", Net(R.randint(2, 5))
    half = Net().half().eval()
    half.drop.train()  # train and eval mixed
    yield "net_half_eval", half
    frozen = Net()
    frozen.stem.requires_grad_(False)
    yield "net_frozen", frozen
    yield "nested_class", nn.Sequential(Outer.Inner(), Outer.Inner())
    yield "sequential_subclass", Stack(nn.Linear(1, 2), Stack(nn.Linear(2, 1)))
    yield "getstate", Forgetful()
    yield "tied", TiedModel()
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(hook)
    yield "hooked", hooked
    with torch.device("meta"):
        yield "on_meta", Net()


# Kinds.

def state_dicts():
    for name, module in [*stock_modules(), *own_modules()]:
        if name not in ("lazy", "on_meta", "no_tensors"):
            save_any(f"state_dict/{name}.pt", module.state_dict())
    parametrized = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)), nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)), nn.utils.parametrizations.orthogonal(nn.Linear(2, 2)))
    save_any("state_dict/parametrized.pt", parametrized.state_dict())
    net = Net()
    save_any("state_dict/compiled.pt", torch.compile(net).state_dict())
    save_any("state_dict/keep_vars.pt", net.state_dict(keep_vars=True))
    save_any("state_dict/rebuilt.pt", {f"module.{k}": v for k, v in net.state_dict().items()})
    save_any("state_dict/cuda_tags.pt", net.state_dict())
    base = torch.randn(R.randint(3, 6), 6)
    views = {"base": base, "row": base[1], "column": base[:, 2], "t": base.t(), "flat": base.view(-1)[5:9], "step": base[:, ::2],
             "expanded": torch.ones(1, 3).expand(5, 3), "scalar": torch.tensor(R.random()), "one": torch.tensor([R.random()]), "empty": torch.empty(0, 4), "empty_wide": torch.empty(3, 0, 1 << 40),
             "empty_i64": torch.empty(0, dtype=torch.int64), "last": torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last), "as_strided": base.as_strided((2, 2), (1, 3), 2),
             "conj": torch.randn(3, dtype=torch.complex64).conj(), "neg": torch.randn(3, dtype=torch.complex64).conj().imag, "real_view": torch.view_as_real(torch.randn(3, dtype=torch.complex64)),
             "diagonal": base.diagonal(), "permuted": torch.randn(2, 3, 4).permute(2, 0, 1), "unfolded": base.unfold(1, 3, 1), "scalar_of": base[1, 1]}
    for protocol in PROTOCOLS:
        save(f"state_dict/views_zip_p{protocol}.pt", views, pickle_protocol=protocol)
        save(f"state_dict/views_legacy_p{protocol}.pt", views, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    tied = nn.Parameter(torch.randn(5, 4))
    save_any("state_dict/tied_weights.pt", {"tok_emb.weight": tied, "lm_head.weight": tied, "again": tied.data, "part": tied[1:3]})
    marked = nn.Parameter(torch.randn(2, 2))
    marked.tag = "hello"
    noted = torch.randn(3)
    noted.note = {"a": 1}
    sub = torch.randn(2, 2).as_subclass(Subclass)
    sub.note = "n"
    save_any("state_dict/parameters.pt", {"p": nn.Parameter(torch.randn(3)), "marked": marked, "frozen": nn.Parameter(torch.randn(2), requires_grad=False), "buffer": nn.Buffer(torch.ones(2)), "noted": noted, "sub": sub, "sub_p": nn.Parameter(torch.randn(2).as_subclass(Subclass)), "grad": torch.randn(2, requires_grad=True)})
    by_dtype = {str(d).removeprefix("torch."): raw(d, size()) for d in DTYPES if savable(d)}
    print(len(by_dtype), "dtypes:", *by_dtype)
    save("state_dict/dtypes.pt", by_dtype)
    save("state_dict/dtypes_p5.pt", by_dtype, pickle_protocol=5)
    legacy = {k: v for k, v in by_dtype.items() if savable(v.dtype, lambda t: buffered(t, _use_new_zipfile_serialization=False))}
    save("state_dict/dtypes_legacy.pt", legacy, _use_new_zipfile_serialization=False)
    for name, value in by_dtype.items():
        save(f"state_dict/one_dtype/{name}.pt", {"t": value, "e": raw(value.dtype, (0, 2)), "s": raw(value.dtype, ()), "v": raw(value.dtype, (4, 3))[1:, :2]})
    for name, value in legacy.items():
        save(f"state_dict/one_dtype/{name}_legacy.pt", {"t": value}, _use_new_zipfile_serialization=False)
    q = {"affine": torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 10, torch.quint8), "i8": torch.quantize_per_tensor(torch.randn(2), 0.1, 0, torch.qint8), "i32": torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 0, torch.qint32),
         "channel": torch.quantize_per_channel(torch.randn(3, 4), torch.rand(3) + 0.1, torch.zeros(3, dtype=torch.long), 0, torch.qint8), "view": torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 10, torch.quint8).t()}
    save("state_dict/quantised.pt", q)
    save("state_dict/quantised_legacy.pt", q, _use_new_zipfile_serialization=False)
    save("state_dict/quint4x2.pt", {"w": torch.quantize_per_channel(torch.randn(3, 4), torch.rand(3) + 0.1, torch.zeros(3), 0, torch.quint4x2)})
    for layout, eye in (("square", torch.eye(4)), ("wide", (torch.rand(4, 6) > 0.6).double()), ("none", torch.zeros(2, 2))):
        save_any(f"state_dict/sparse_{layout}.pt", {"coo": eye.to_sparse(), "coalesced": eye.to_sparse().coalesce(), "hybrid": torch.ones(2, 2, 3).to_sparse(2), "csr": eye.to_sparse_csr(), "csc": eye.to_sparse_csc(), "bsr": eye.to_sparse_bsr((2, 2)), "bsc": eye.to_sparse_bsc((2, 2))})
    parts = [torch.randn(R.randint(1, 5), 3) for _ in range(3)]
    save("state_dict/nested.pt", {"strided": torch.nested.nested_tensor(parts), "plain": torch.ones(2)})
    save("state_dict/jagged.pt", {"jagged": torch.nested.nested_tensor(parts, layout=torch.jagged), "plain": torch.ones(2)})
    save_any("state_dict/meta.pt", {"m": torch.empty(3, 4, device="meta"), "p": nn.Parameter(torch.empty(2, device="meta")), "t": torch.empty(3, 4, device="meta").t(), "h": torch.empty(2, device="meta", dtype=torch.float8_e5m2)})
    many = R.randint(2000, 4000)
    save("state_dict/many.pt", {f"layers.{i}.weight": torch.full((1,), float(i)) for i in range(many)})
    save("state_dict/many_legacy.pt", {f"layers.{i}.weight": torch.full((1,), float(i)) for i in range(many)}, _use_new_zipfile_serialization=False)


def containers():
    """One content in every container and under every name people give it."""
    content = {"a.weight": torch.randn(R.randint(2, 5), 7), "b": torch.randn(70), "c": torch.arange(5.0), "e": torch.empty(0)}
    data = buffered(content)
    for protocol in PROTOCOLS:
        save(f"state_dict/container/zip_p{protocol}.pt", content, pickle_protocol=protocol)
        save(f"state_dict/container/legacy_p{protocol}.pt", content, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    for name in ("no_suffix", "wrong.txt", "wrong.safetensors", "wrong.tar", "model.best.v2.pt", ".hidden", "épreuve 模型.pt", "with space.pth", "checkpoint.pth.tar", "pytorch_model.bin", "epoch=3-val_loss=0.12.ckpt"):
        if name != ".hidden":  # torch's zip writer refuses it
            save(f"state_dict/name/{name}", content)
        save(f"state_dict/name_legacy/{name}", content, _use_new_zipfile_serialization=False)
    put("state_dict/container/from_buffer.pt", data)
    put("state_dict/container/deflated.pt", rezipped(data, zipfile.ZIP_DEFLATED))
    put("state_dict/container/folders.pt", rezipped(data, folders=True))
    put("state_dict/container/folders_deflated.pt", rezipped(data, zipfile.ZIP_DEFLATED, folders=True))

    def big(name, data):
        if name.endswith("/byteorder"):
            return b"big"
        return np.frombuffer(data, "<u4").byteswap().tobytes() if "/data/" in name else data
    put("state_dict/container/big_endian.pt", rezipped(data, change=big))
    put("state_dict/container/concatenated.pt", buffered(content, _use_new_zipfile_serialization=False) + buffered({"other": torch.ones(2)}, _use_new_zipfile_serialization=False))
    save("state_dict/container/no_byteorder.pt", content, _disable_byteorder_record=True)
    from torch.utils.serialization import config
    for alignment in (1, 4096):
        with config.patch("save.storage_alignment", alignment):
            save(f"state_dict/container/align_{alignment}.pt", content)
    torch.serialization.set_crc32_options(False)
    save("state_dict/container/no_crc.pt", content)
    torch.serialization.set_crc32_options(True)
    with torch.serialization.skip_data():
        save("state_dict/container/skipped_data.pt", content)


def whole_models():
    for name, module in [*stock_modules(), *own_modules()]:
        for p in module.parameters() if R.random() < 0.3 else ():
            if not nn.parameter.is_lazy(p):
                p.grad = torch.zeros_like(p)  # is not saved
        save(f"whole_model/{name}.pt", module)
        save(f"whole_model/{name}_p{(p := R.choice([3, 4, 5]))}.pt", module, pickle_protocol=p)
        save(f"whole_model/{name}_legacy.pt", module, _use_new_zipfile_serialization=False)
    save("mixed/module_in_dict.pt", {"epoch": 3, "model": Net().half(), "ema": None, "optimizer": stepped(network()).state_dict()})
    save("mixed/modules_in_list.pt", [Net(), {"deep": (nn.Linear(1, 2), [nn.BatchNorm1d(3)])}])
    shared = nn.Linear(2, 2)
    save("mixed/module_twice.pt", {"a": shared, "b": nn.Sequential(shared, nn.ReLU()), "sd": shared.state_dict()})
    save("mixed/module_in_object.pt", {"trainer": Plain(model=Net(), epoch=4, best=torch.tensor(0.5))})
    save("mixed/fx_graph_module.pt", torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 3), nn.ReLU())))


def optimizers():
    kinds = {"SGD": dict(lr=0.1, momentum=0.9), "SGD_plain": dict(lr=0.1), "AdamW": dict(amsgrad=True), "Adam": dict(lr=torch.tensor(0.01)), "LBFGS": dict(history_size=2)}
    kinds |= {n: {} for n in ("Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "ASGD", "Adafactor")}
    all_of = {}
    for name, kw in kinds.items():
        try:
            optimizer = stepped(network(), getattr(torch.optim, name.split("_")[0]), **kw)
        except Exception as e:
            left_out.append((f"optimizer/{name}", str(e)))
            continue
        all_of[name] = optimizer.state_dict()
        save_any(f"optimizer/{name}.pt", optimizer.state_dict())
    net = network()
    named = torch.optim.Adam([{"params": list(net.named_parameters())[:1], "lr": 0.1}, {"params": list(net.named_parameters())[1:]}])
    net(torch.randn(3, net[0].in_features)).sum().backward()
    named.step()
    save_any("optimizer/named_groups.pt", named.state_dict())
    save_any("mixed/optimizers.pt", all_of)
    save("mixed/optimizer_object.pt", {"opt": stepped(network()), "epoch": 2})
    save("mixed/optimizer_object_alone.pt", stepped(network(), torch.optim.SGD, lr=0.1, momentum=0.9))


def schedulers(optimizer):
    s = torch.optim.lr_scheduler
    return {"step": s.StepLR(optimizer, 3), "multi": s.MultiStepLR(optimizer, [3, 5, 5]), "cosine": s.CosineAnnealingLR(optimizer, 5), "restarts": s.CosineAnnealingWarmRestarts(optimizer, 3), "plateau": s.ReduceLROnPlateau(optimizer), "lambda": s.LambdaLR(optimizer, lambda e: 1.0),
            "one_cycle": s.OneCycleLR(torch.optim.SGD([torch.zeros(1)], 0.1, momentum=0.9), 0.1, total_steps=10), "sequential": s.SequentialLR(optimizer, [s.ConstantLR(optimizer), s.ExponentialLR(optimizer, 0.9)], [2])}


def training():
    from omegaconf import OmegaConf
    net = network()
    optimizer = stepped(net)
    scheds = {k: v.state_dict() for k, v in schedulers(optimizer).items()}
    epoch, loss = R.randint(0, 50), R.random()
    n = R.randint(2, 9)
    losses = [R.random() for _ in range(n)]
    sd, od = net.state_dict(), optimizer.state_dict()
    args = argparse.Namespace(lr=0.1, arch="resnet18", gpus=[0, 1], resume=None, amp=True)
    files = {
        "tutorial": {"epoch": epoch, "model_state_dict": sd, "optimizer_state_dict": od, "loss": loss},
        "loss_tensor": {"epoch": epoch, "model_state_dict": sd, "optimizer_state_dict": od, "loss": torch.tensor(loss), "best": torch.tensor([loss])},
        "schedulers": {"epoch": epoch, "state_dict": sd, "optimizer": od, **{f"scheduler_{k}": v for k, v in scheds.items()}},
        "histories": {"epoch": n, "model_state_dict": sd, "train_losses": losses, "val_losses": [x + 0.1 for x in losses], "history": {"acc": losses, "lr": [0.1] * n}, "best_val_loss": min(losses), "nan": float("nan"), "inf": float("-inf"), "log": [{"epoch": i, "loss": x} for i, x in enumerate(losses)]},
        "imagenet": {"epoch": epoch, "arch": "resnet18", "state_dict": {f"module.{k}": v for k, v in sd.items()}, "best_acc1": torch.tensor(71.5), "optimizer": od, "scheduler": scheds["step"]},
        "namespace": {"model": sd, "optimizer": od, "lr_scheduler": scheds["multi"], "epoch": epoch, "args": args, "scaler": torch.amp.GradScaler("cpu").state_dict(), "model_ema": {"n_averaged": torch.tensor(4), **{f"module.{k}": v for k, v in sd.items()}}},
        "config_objects": {"epoch": epoch, "model_state_dict": sd, "optimizer_state_dict": od, "config": Config(0.5, 2), "frozen": Frozen(2.0), "mode": Color.RED, "level": Level.HIGH, "name": Name.G, "simple": types.SimpleNamespace(a=1, b="x"), "plain": Plain(x=1, y=[1, 2])},
        "omegaconf": {"epoch": epoch, "state_dict": sd, "cfg": OmegaConf.create({"lr": 0.1, "model": {"layers": [1, 2, 3], "name": "x", "twice": "${lr}"}, "missing": "???", "none": None})},
        "numpy": {"epoch": np.int64(epoch), "model_state_dict": sd, "val_loss": np.float32(loss), "acc": np.float64(loss), "history": np.linspace(1, 0.1, n), "confusion": np.arange(9, dtype=np.int32).reshape(3, 3), "rng": np.random.get_state(), "flag": np.bool_(True)},
        "objects": {"epoch": epoch, "model_state_dict": sd, "date": datetime.datetime.now(datetime.timezone.utc), "day": datetime.date.today(), "took": datetime.timedelta(seconds=3), "path": pathlib.PurePosixPath("/a/b.pt"), "window": collections.deque(losses, maxlen=20), "counts": collections.Counter("aab"), "default": collections.defaultdict(list, a=[1]), "set": {1, 2}, "frozen_set": frozenset("a"), "id": uuid.uuid4(), "decimal": decimal.Decimal("1.5"), "fraction": fractions.Fraction(1, 3), "range": range(1, 9, 2), "complex": 1 + 2j, "bytes": b"\0\xff", "bytearray": bytearray(b"ab"), "partial": functools.partial(Config, lr=2.0), "type": Config, "function": len, "big": 1 << 70, "negative": -5, "long": 1 << 40, "size": torch.Size([1, 2]), "device": torch.device("cuda:1"), "dtype": torch.bfloat16},
        "lightning": {"epoch": epoch, "global_step": epoch * 10, "pytorch-lightning_version": "2.6.0", "state_dict": {f"net.{k}": v for k, v in sd.items()}, "loops": {"fit_loop": {"epoch_progress": {"current": {"completed": epoch}}}}, "callbacks": {"ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min'}": {"monitor": "val_loss", "best_model_score": torch.tensor(loss), "best_k_models": {"/abs/epoch=1.ckpt": torch.tensor(loss)}}}, "optimizer_states": [od], "lr_schedulers": [scheds["cosine"]], "hparams_name": "kwargs", "hyper_parameters": {"lr": 0.1, "width": 8}},
        "gan": {"generator": sd, "discriminator": network().state_dict(), "opt_g": od, "opt_d": stepped(network()).state_dict(), "iteration": 1000},
        "nested_weights": {"epoch": epoch, "state": {"model": {"encoder": sd, "decoder": network().state_dict()}, "optimizer": od}},
        "nanogpt": {"model": {f"_orig_mod.{k}": v for k, v in sd.items()}, "optimizer": od, "model_args": {"n_layer": 4, "bias": False}, "iter_num": 2000, "best_val_loss": torch.tensor(1.4), "config": {"out_dir": "out"}},
        "rng": {"model": sd, "step": 12, "rng_state": torch.get_rng_state(), "python_rng": random.getstate(), "optimizer": od},
    }
    for name, content in files.items():
        save(f"training/{name}.pt", content)
        save_any(f"training/{name}_again.ckpt", content)


# torch.save takes protocol 0 too, but no torch reads such a file back: its storage references become text.
PROTOCOLS = range(1, 6)
KEYS = [lambda: R.choice("abcdefgh") * R.randint(1, 3), lambda: R.randint(-3, 20), lambda: (R.choice("xy"), R.randint(0, 3)), lambda: R.choice([None, True, False]), lambda: f"layer.{R.randint(0, 9)}.weight",
        lambda: R.choice([0.5, 1e-5, -2.0, 1e16, 1e22]), lambda: R.choice(["é", "模型", "a b", "a/b", "'q'", '"dq"', "back\\slash"])]
LEAVES = [tensor, tensor, tensor, lambda: R.randint(-9, 1 << 40), R.random, lambda: "text", lambda: None, lambda: True, lambda: b"bytes", lambda: torch.Size(size()), lambda: nn.Parameter(torch.randn(2)), lambda: torch.tensor(R.random())]


def tree(depth, pool):
    """A random object graph; `pool` holds earlier parts, so that some are met twice."""
    if depth == 0 or R.random() < 0.2:
        return R.choice(LEAVES)()
    if pool and R.random() < 0.12:
        return R.choice(pool)
    parts = [tree(depth - 1, pool) for _ in range(R.randint(0, 5))]
    made = R.choice([list, tuple, dict, dict, dict, collections.OrderedDict, MyDict, MyList, collections.deque, collections.defaultdict, Plain, argparse.Namespace, Slots, Frozen, Pair])
    if made is collections.defaultdict:
        made = functools.partial(collections.defaultdict, list)
    if made in (list, tuple, MyList, collections.deque):
        value = made(parts)
    elif made in (Plain, argparse.Namespace):
        value = made(**{f"attr{i}": p for i, p in enumerate(parts)})
    elif made is Slots:
        value = Slots(parts, R.choice(LEAVES)())
    elif made is Frozen:
        value = Frozen(0.5, parts)
    elif made is Pair:
        value = Pair(parts, R.choice(LEAVES)())
    else:
        value = made({R.choice(KEYS)(): p for p in parts})
    pool.append(value)
    return value


def mixed():
    t = torch.randn(2, 3)
    for i in range(60):
        save_any(f"mixed/tree_{i:02}.pt", {"epoch": i, "root": [tree(R.randint(2, 4), pool) for pool in [[]] for _ in range(3)]})
    save_any("mixed/tensor_alone.pt", t)
    save_any("mixed/parameter_alone.pt", nn.Parameter(t))
    save_any("mixed/list.pt", [t, {"a": (t, [torch.ones(1)])}, None])
    save_any("mixed/tuple.pt", (t, torch.zeros(1)))
    save_any("mixed/nothing.pt", {})
    save_any("mixed/number.pt", 3.5)
    save_any("mixed/keys.pt", {"epoch": 1, 0: t, -1: t + 1, None: t + 2, True: t + 3, 0.5: t + 4, 1e-7: t, ("a", 1): t, (1,): t, (): t, b"ab": t, "a.b": t, "a": {"b": t}, "it's": t, ("it's", None): t, 1 << 70: t, "sub": {"": t}})
    save_any("mixed/text_keys.pt", {"line\nbreak": t, "tab\t": t, "esc\x1b[2J": t, "rtl\u202e": t, "zero\u200bwidth": t, "nul\0": t, "emoji 🙂": t, "é": t, "e\u0301": t, "back\\slash": t, "\x7f": t})
    save_any("mixed/metadata_text.pt", {"text": "a\nb\x1b[0m\u202e", "epoch": 3, "w": t})
    part = {"w": t, "lr": 0.1}
    save_any("mixed/shared_parts.pt", {"a": part, "b": part, "c": [part, (part,)]})
    ring = {"w": t, "epoch": 4}
    ring["self"] = ring
    ring["list"] = [ring, torch.ones(2)]
    save_any("mixed/cyclic.pt", ring)
    owner = Plain(w=t)
    owner.me, owner.children = owner, [Plain(parent=owner, w=torch.ones(3))]
    save_any("mixed/cyclic_object.pt", {"owner": owner, "step": 2})
    save_any("mixed/objects.pt", {"ns": argparse.Namespace(w=t, n=1), "plain": Plain(w=t, deep=Plain(x=[t])), "frozen": Frozen(1.0, t), "slots": Slots(t, 1), "simple": types.SimpleNamespace(w=t), "my_dict": MyDict(w=t), "my_list": MyList([t]), "deque": collections.deque([t, 1, t]), "user_dict": collections.UserDict(w=t), "pair": Pair(t, None), "default": collections.defaultdict(dict, a={"w": t}), "ordered": collections.OrderedDict(w=t)})
    save_any("mixed/hidden_tensors.pt", {"called": Called(t), "odd": OddState(t), "set": {t}, "partial": functools.partial(Plain, w=t), "step": 7, "seen": t})
    attributed = MyDict(a=t)
    attributed.extra = torch.ones(4)
    save_any("mixed/dict_with_attributes.pt", {"d": attributed})
    save_any("mixed/return_types.pt", {"max": torch.max(t, 0), "svd": torch.linalg.svd(t), "sort": torch.sort(t), "epoch": 1})
    save("mixed/storages.pt", {"untyped": torch.arange(4.0).untyped_storage(), "typed": torch.arange(4.0).storage(), "w": t})
    save_any("mixed/torch_values.pt", {"size": torch.Size([1, 2]), "device": torch.device("cuda:1"), "dtype": torch.float8_e4m3fn, "layout": torch.sparse_coo, "finfo": torch.float32, "w": t})
    save("mixed/torch_constants.pt", {"memory": torch.channels_last, "scheme": torch.per_tensor_affine, "w": t}, pickle_protocol=4)
    save_any("mixed/numpy.pt", {"c": np.arange(6, dtype=np.float32).reshape(2, 3), "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "object": np.array([1, "a", None], dtype=object), "struct": np.zeros(2, dtype=[("a", "<i4"), ("b", "<f8", (2,))]), "date": np.datetime64("2024-01-02"), "text": np.array(["ab", "c"]), "dtype": np.dtype("float32"), "be": np.arange(3, dtype=">i2"), "rng": np.random.default_rng(0), "w": t})
    deep = t
    for _ in range(150):
        deep = [deep]
    save_any("mixed/deep.pt", {"deep": deep})
    save("mixed/sparse_in_list.pt", [torch.eye(3).to_sparse(), {"n": torch.nested.nested_tensor([torch.ones(1, 2), torch.ones(2, 2)])}])
    wide = torch.randn(1000)
    save_any("mixed/bloat.pt", {"small": wide[:3]})
    try:
        import torch.ao.nn.quantized as quantized
        save("mixed/packed.pt", quantized.Linear(4, 3).state_dict())
        save("mixed/dynamic.pt", torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)), {nn.Linear}, dtype=torch.qint8).state_dict())
    except Exception as e:
        left_out.append(("mixed/packed.pt", str(e)))

    def unpickle(path):
        with open(path, "rb") as f:
            return pickle.load(f)
    content = {"epoch": 3, "w": t, "part": t[0], "p": nn.Parameter(torch.randn(2)), "h": t.half(), "i": torch.arange(5), "e": torch.empty(0), "loss": 0.5}
    for protocol in range(6):
        put(f"mixed/plain_p{protocol}.pkl", pickle.dumps(content, protocol), unpickle)
        put(f"mixed/plain_module_p{protocol}.pkl", pickle.dumps(Net(), protocol), unpickle)
    put("mixed/plain_list.pickle", pickle.dumps([t, {"a": t}]), unpickle)
    put("mixed/python_pickler.pkl", pickle._dumps(content, 4), unpickle)


def scripts():
    net = Scripted(R.randint(2, 5)).eval()
    x = torch.randn(1, 3, 8, 8)
    makers = {"scripted": lambda: torch.jit.script(net), "traced": lambda: torch.jit.trace(net, x), "train_mode": lambda: torch.jit.script(Scripted()), "half": lambda: torch.jit.script(Scripted().half()), "frozen": lambda: torch.jit.freeze(torch.jit.script(net)), "lstm": lambda: torch.jit.script(nn.LSTM(3, 4, 2)),
              "sequential": lambda: torch.jit.script(network()), "tied": lambda: torch.jit.trace(nn.Sequential(*[nn.Linear(3, 3)] * 2), torch.randn(2, 3)), "transformer": lambda: torch.jit.script(nn.TransformerEncoderLayer(8, 2, 16))}
    for name, make in makers.items():
        extra = {"_extra_files": {"meta.json": '{"epoch": 3}', "classes.txt": "cat\ndog"}} if name in ("scripted", "tied") else {}
        attempt(f"torchscript/{name}.pt", lambda path: torch.jit.save(make(), path, **extra), torch.jit.load)
    attempt("torchscript/wrong_suffix.pth.tar", lambda path: torch.jit.save(torch.jit.script(net), path), torch.jit.load)
    attempt("torchscript/mobile.ptl", lambda path: torch.jit.script(net)._save_for_lite_interpreter(path), torch.jit.load)


def safetensors():
    from safetensors import safe_open
    from safetensors.torch import save as to_bytes, save_file, save_model

    def read(path):
        with safe_open(path, "pt") as f:
            for k in f.keys():
                f.get_tensor(k)

    def save_safe(name, tensors, metadata=None):
        attempt(name, lambda path: save_file(tensors, path, metadata=metadata), read)
    sd = {k: v.clone() for k, v in Net().state_dict().items()}
    save_safe("state_dict/st/net.safetensors", sd, {"format": "pt"})
    save_safe("state_dict/st/metadata.safetensors", sd, {"format": "pt", "epoch": "3", "val_loss": "0.5", "note": "a b\nc 'é'"})
    save_safe("state_dict/st/none.safetensors", sd)
    save_safe("state_dict/st/empty_tensors.safetensors", {"a": torch.empty(0, 3), "b": torch.empty(2, 0), "c": torch.randn(3), "s": torch.tensor(1.5)})
    for name in ("wrong.pt", "model.bin", "no_suffix", "a.b.c.safetensors", "模型.safetensors"):
        save_safe(f"state_dict/st_name/{name}", sd, {"format": "pt"})
    for dtype in DTYPES:
        if savable(dtype, lambda t: to_bytes({"t": t}) and None):
            save_safe(f"state_dict/st_dtype/{str(dtype).removeprefix('torch.')}.safetensors", {"t": raw(dtype, (R.randint(1, 4), 4)), "v": raw(dtype, (2,))})
    attempt("state_dict/st/save_model.safetensors", lambda path: save_model(TiedModel(), path), read)
    save_safe("state_dict/st/keys.safetensors", {"é": torch.ones(1), "模型.weight": torch.ones(2), "a b": torch.ones(3), "x/y": torch.ones(4)})
    save_safe("mixed/nothing.safetensors", {}, {"format": "pt"})


def main():
    global OUT, SEED
    OUT = sys.argv[1]
    SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print("seed", SEED)
    R.seed(SEED)
    torch.manual_seed(SEED)
    np.random.seed(SEED % (1 << 32))
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    for make in (state_dicts, containers, whole_models, optimizers, training, mixed, scripts, safetensors):
        before = len(written)
        make()
        print(f"{make.__name__}: {len(written) - before} files")
    for name, times in collections.Counter(written).items():
        if times > 1:
            print(f"written {times} times: {name}")
    for name, reason in left_out:
        print(f"left out {name}: {reason}")
    print(len(written), "files")
    return 1 if left_out else 0


if __name__ == "__main__":
    # Under its own name, so that the classes above are pickled as make_files.X and not as __main__.X.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import make_files
    sys.exit(make_files.main())
