"""Pairs of checkpoints of real modules that do not go together, with what torch itself says of each.

python make_mismatch.py OUT: writes OUT/<case>_a.pt, the state dict of a model, OUT/<case>_b.pt (or .safetensors), what
is loaded into it; `models` holds the models themselves. `repairable` in expected.json says whether a repair must
make it load strictly."""

import collections
import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file, save_model
from torch import nn

from make_mismatch_classes import GPT2, Conv1D, Fused, Net, Split, Wrapper, linear

OUT = pathlib.Path(sys.argv[-1])
OUT.mkdir(parents=True, exist_ok=True)
expected = {}
models = {}


def od(pairs=()):
    return collections.OrderedDict(pairs)


def fresh(state):
    """The same names with other values, so that a repair that mixes tensors up shows."""
    return od((k, torch.rand_like(v) if v.is_floating_point() else v.clone()) for k, v in state.items())


def case(name, model, candidate, repairable, weights=None, save=torch.save, suffix="pt", left=None, rules=(), given=None, hook=False):
    """`weights` is what the model must hold after the repair, where that is known; `left` what may not be repaired: names
    (missing, unexpected, of another shape); `rules` what must be said; `given` what torch is given of the candidate;
    `hook` that the model has a hook of old spectral norm, which names keys twice."""
    torch.save(model.state_dict(), OUT / f"{name}_a.pt")
    save(candidate, OUT / f"{name}_b.{suffix}")
    models[name] = model
    if weights is not None:
        torch.save(dict(weights), OUT / f"{name}.weights.pt")
    loaded = load_file(OUT / f"{name}_b.{suffix}") if suffix == "safetensors" else candidate.get("state_dict", candidate) if given is None else given
    entry = {"class": type(model).__name__, "repairable": repairable, "suffix": suffix, "hook": hook, "left": left, "rules": list(rules)}
    probe, own = model, {k: v.clone() for k, v in model.state_dict().items()}
    try:
        result = probe.load_state_dict(loaded, strict=False)
        entry |= {"missing": result.missing_keys, "unexpected": result.unexpected_keys}
    except Exception as error:
        entry["loose"] = str(error)
    try:
        probe.load_state_dict(loaded)
        entry["strict"] = "<All keys matched successfully>"
    except Exception as error:
        entry["strict"] = str(error)
    model.load_state_dict(own)
    expected[name] = entry


torch.manual_seed(0)
for depth, d in ((1, 4), (3, 8), (4, 6)):
    net = lambda **k: Net(depth=depth, d=d, **k)
    base = net()
    tag = f"{depth}x{d}"
    w = net().state_dict()
    case(f"ddp_{tag}", base, od(("module." + k, v) for k, v in w.items()), True, w)
    case(f"compile_{tag}", base, od(("_orig_mod." + k, v) for k, v in w.items()), True, w)
    case(f"both_{tag}", base, od(("_orig_mod.module." + k, v) for k, v in w.items()), True, w)
    case(f"lightning_{tag}", base, {"epoch": 3, "state_dict": od(("model." + k, v) for k, v in w.items())}, True, w)
    case(f"into_ddp_{tag}", Wrapper("module", net()), w, True, {"module." + k: v for k, v in w.items()})
    case(f"into_hf_{tag}", Wrapper("transformer", net()), w, True, {"transformer." + k: v for k, v in w.items()})
    case(f"renamed_prefix_{tag}", Wrapper("encoder", net()), od(("backbone." + k, v) for k, v in w.items()), True, {"encoder." + k: v for k, v in w.items()})
    inner = od((k.replace("blocks.", "blocks.").replace(".mlp.", "._checkpoint_wrapped_module.mlp."), v) for k, v in w.items())
    case(f"inner_{tag}", base, inner, True, w)
    case(f"fsdp_inner_{tag}", base, od(("_fsdp_wrapped_module." + k.replace(".attn.", "._fsdp_wrapped_module._checkpoint_wrapped_module.attn."), v) for k, v in w.items()), True, w)
    case(f"gamma_{tag}", base, od((k.replace("norm1.weight", "norm1.gamma").replace("norm1.bias", "norm1.beta").replace("norm2.weight", "norm2.gamma").replace("norm2.bias", "norm2.beta"), v) for k, v in w.items()), True, w)
    case(f"words_{tag}", base, od((k.replace("attn.q_proj", "attn.query").replace("attn.k_proj", "attn.key").replace("attn.v_proj", "attn.value").replace("norm1", "ln_1").replace("norm2", "ln_2"), v) for k, v in w.items()), True, w)
    case(f"prefix_words_{tag}", base, od(("module." + k.replace("norm1.weight", "norm1.gamma").replace("norm1.bias", "norm1.beta"), v) for k, v in w.items()), True, w)
    case(f"shifted_{tag}", base, od((k if not k.startswith("blocks.") else "blocks." + str(int(k.split(".")[1]) + 1) + "." + k.split(".", 2)[2], v) for k, v in w.items()), True, w)
    full = net(tie=True, vocab=10)
    fw = net(tie=True, vocab=10).state_dict()
    case(f"tied_{tag}", full, od((k, v) for k, v in fw.items() if k != "head.weight"), True, fw)
    case(f"classes_{tag}", base, net(classes=5).state_dict(), False)
    case(f"vocab_{tag}", base, net(vocab=24).state_dict(), False)
    case(f"depth_{tag}", base, Net(depth=depth + 1, d=d).state_dict(), False)
    case(f"half_{tag}", base, od((k, v.half() if v.is_floating_point() else v) for k, v in w.items()), True, w)
    case(f"no_counter_{tag}", base, od((k, v) for k, v in w.items() if "num_batches" not in k), True)
    s = copy.deepcopy(w)
    del s["stem.1.num_batches_tracked"]
    case(f"no_counter_v2_{tag}", base, s, True)
    s = od(w)
    s["epoch"] = 3
    s["config"] = {"d": d}
    case(f"not_tensors_{tag}", base, s, True, w)
    s = od(w)
    s["head.bias"] = [1.0, 2.0]
    case(f"list_for_tensor_{tag}", base, s, False)
    s = od(w)
    s["stem.1.num_batches_tracked"] = torch.tensor([5])
    case(f"one_number_{tag}", base, s, True)
    s = od(w)
    s["stem.1.num_batches_tracked"] = torch.tensor([5, 6])
    case(f"two_numbers_{tag}", base, s, False)
    s = od(w)
    for k in [k for k in s if k.endswith("mlp.0.weight")]:
        s[k.replace("weight", "total_ops")] = torch.zeros(1)
    case(f"thop_{tag}", base, s, True, w)
    stacked = od((k, v) for k, v in w.items() if not k.startswith("blocks."))
    for k in [k for k in w if k.startswith("blocks.0.")]:
        stacked[k.replace("blocks.0.", "blocks.")] = torch.stack([w[k.replace("blocks.0.", f"blocks.{i}.")] for i in range(depth)])
    case(f"stacked_{tag}", base, stacked, True, w)

    lora = od(("base_model.model." + k, v) for k, v in w.items())
    for i in range(depth):
        k = f"base_model.model.blocks.{i}.attn.q_proj."
        lora[k + "base_layer.weight"] = lora.pop(k + "weight")
        lora[k + "base_layer.bias"] = lora.pop(k + "bias")
        lora[k + "lora_A.default.weight"] = torch.randn(2, d)
        lora[k + "lora_B.default.weight"] = torch.zeros(d, 2)
    case(f"lora_{tag}", base, lora, True, w)

    def normed(old):
        model = net()
        norm = nn.utils.weight_norm if old else nn.utils.parametrizations.weight_norm
        norm(model.stem[0])
        norm(model.head)
        return model

    for old_a in (False, True):
        for old_b in (False, True):
            if old_a != old_b:
                n = normed(old_b)
                case(f"weight_norm_{'old' if old_a else 'new'}_from_{'old' if old_b else 'new'}_{tag}", normed(old_a), copy.deepcopy(n.state_dict()), True)
    for old in (False, True):
        n = normed(old)
        plain = od((k, v) for k, v in n.state_dict().items() if not k.startswith(("stem.0.weight", "head.weight", "stem.0.param", "head.param")))
        plain["stem.0.weight"], plain["head.weight"] = n.stem[0].weight.detach(), n.head.weight.detach()
        case(f"weight_norm_fold_{'old' if old else 'new'}_{tag}", base, n.state_dict(), True, plain)
        case(f"weight_norm_unfold_{'old' if old else 'new'}_{tag}", normed(old), w, True)

for kv in (8, 4):
    f, s = Fused(kv=kv), Split(kv=kv)
    joined = od()
    for i in range(2):
        p = f"layers.{i}."
        st = s.state_dict()
        for t in ("weight", "bias"):
            joined[f"{p}qkv.{t}"] = torch.cat([st[f"{p}{n}.{t}"] for n in "qkv"])
        joined[f"{p}gate_up_proj.weight"] = torch.cat([st[f"{p}gate_proj.weight"], st[f"{p}up_proj.weight"]])
        joined[f"{p}o.weight"], joined[f"{p}o.bias"] = st[f"{p}o.weight"], st[f"{p}o.bias"]
    case(f"merge_{kv}", f, s.state_dict(), True, joined)
    case(f"split_{kv}", s, joined, True, s.state_dict())
    case(f"ddp_split_{kv}", s, od(("module." + k, v) for k, v in joined.items()), True, s.state_dict())

conv, lin = GPT2(Conv1D), GPT2(linear)
turned = od((k, v.t().contiguous() if v.ndim == 2 and "c_" in k else v) for k, v in conv.state_dict().items())
case("gpt2_to_linear", lin, conv.state_dict(), True, turned)
back = od((k, v.t().contiguous() if v.ndim == 2 and "c_" in k else v) for k, v in lin.state_dict().items())
case("gpt2_from_linear", GPT2(Conv1D), lin.state_dict(), True, back)
tied = GPT2(linear)
case("tied_safetensors", GPT2(linear), {k: v for k, v in tied.state_dict().items() if k != "lm_head.weight"}, True, tied.state_dict(),
     save=lambda _, path: save_model(tied, str(path)), suffix="safetensors")
case("ddp_safetensors", Net(), {"module." + k: v.clone() for k, v in Net().state_dict().items()}, True, save=lambda d, path: save_file(d, str(path)), suffix="safetensors")

sequential = lambda extra: nn.Sequential(nn.Linear(4, 8), *([nn.Dropout()] if extra else []), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2))
given = sequential(False).state_dict()
case("inserted_dropout", sequential(True), given, True, {a: given[b] for a, b in (("0.weight", "0.weight"), ("0.bias", "0.bias"), ("3.weight", "2.weight"), ("3.bias", "2.bias"), ("5.weight", "4.weight"), ("5.bias", "4.bias"))})
case("removed_dropout", sequential(False), sequential(True).state_dict(), True)
two = od((f"{p}.backbone.{k}", v) for p in ("student", "teacher") for k, v in Net(1).state_dict().items())
case("dino", Net(1), two, False)
ldm_w = Net(2).state_dict()
ldm = od(("model_ema." + k.replace(".", ""), v) for k, v in ldm_w.items()) | {"model_ema.decay": torch.tensor(0.999), "model_ema.num_updates": torch.tensor(4)}
case("ldm_ema", Net(2), ldm, True, ldm_w)
avg = torch.optim.swa_utils.AveragedModel(Net(2))
case("averaged", Net(2), avg.state_dict(), True, avg.module.state_dict())
sub = od(("backbone." + k, v) for k, v in Net(2).state_dict().items()) | {"head.weight": torch.randn(3, 3), "loss.weight": torch.randn(5)}
case("sub_model", Net(2), sub, True, {k.removeprefix("backbone."): v for k, v in sub.items() if k.startswith("backbone.")})
spectral = lambda new: nn.Sequential((nn.utils.parametrizations.spectral_norm if new else nn.utils.spectral_norm)(nn.Conv2d(3, 4, 3)), nn.ReLU())
case("spectral_new_from_old", spectral(True), spectral(False).state_dict(), True)
keras = od((k, v.permute(2, 3, 1, 0).contiguous() if v.ndim == 4 else v.t().contiguous() if v.ndim == 2 else v) for k, v in nn.Sequential(nn.Conv2d(3, 4, 5), nn.Flatten(), nn.Linear(7, 9)).state_dict().items())
case("keras", nn.Sequential(nn.Conv2d(3, 4, 5), nn.Flatten(), nn.Linear(7, 9)), keras, True)
case("conv_linear", nn.Sequential(nn.Conv2d(3, 4, 1)), nn.Sequential(nn.Linear(3, 4)).state_dict(), True)

(OUT / "expected.json").write_text(json.dumps(expected, indent=1))
print(len(expected), "pairs")
