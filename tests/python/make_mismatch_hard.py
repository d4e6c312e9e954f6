"""Pairs harder than those of make_mismatch.py: several causes at once, and what must not be guessed.

`left` names what must remain after the repair (missing, unexpected, of another shape); `rules` what must be said."""

import json

import torch
from torch import nn

from make_mismatch import OUT, case, expected, od
from make_mismatch_classes import GPT2, Conv1D, Net, Wrapper, linear


def under(prefix, state):
    return od((prefix + k, v) for k, v in state.items())


def without(state, *words):
    return od((k, v) for k, v in state.items() if not any(word in k for word in words))


class Norm(nn.Module):
    """Batch norm in a part that wrappers reach."""

    def __init__(self, d=6, classes=4):
        super().__init__()
        self.features = nn.ModuleList(nn.Sequential(nn.Conv2d(3 if i == 0 else d, d, 3), nn.BatchNorm2d(d), nn.ReLU()) for i in range(3))
        self.fc = nn.Linear(d, classes)


torch.manual_seed(1)
w = Norm().state_dict()
n = Net(2).state_dict()

# Wrappers on wrappers.
for name, prefix in {"lightning_ema": "ema_model.module.", "everything": "ema_model.module._orig_mod.model.", "deepspeed": "_forward_module.model.", "opacus": "_module.", "swa": "module._orig_mod.",
                     "fsdp_compile": "_fsdp_wrapped_module._orig_mod.", "two_modules": "module.module."}.items():
    case(f"hard_{name}", Norm(), under(prefix, w), True, w)
inner = od((k.replace("features.", "features.").replace(".0.", "._checkpoint_wrapped_module.0.").replace(".1.", "._checkpoint_wrapped_module.1.") if k.startswith("features.") else k, v) for k, v in w.items())
inner = od((("features." + k.split(".", 2)[1] + "._checkpoint_wrapped_module." + k.split(".", 2)[2]) if k.startswith("features.") else k, v) for k, v in w.items())
case("hard_inner_bn", Norm(), inner, True, w)
case("hard_inner_bn_no_counter", Norm(), without(inner, "num_batches"), True)
case("hard_inner_bn_prefix", Norm(), under("model._orig_mod.", inner), True, w)
counted = Norm().state_dict()  # with _metadata
for key in [k for k in counted if "num_batches" in k]:
    del counted[key]
case("hard_counters_v2", Norm(), counted, True)
wrapped = nn.DataParallel(Norm())
case("hard_into_ddp", wrapped, w, True, under("module.", w))
case("hard_into_ddp_no_counter", nn.DataParallel(Norm()), without(w, "num_batches"), True)
lit = under("model.", w) | under("ema_model.module.", {k: v + 1 if v.is_floating_point() else v for k, v in w.items()}) | {"criterion.weight": torch.rand(4), "train_acc.tp": torch.zeros(4)}
case("hard_lightning_both", Norm(), {"epoch": 1, "state_dict": lit, "optimizer_states": [{}]}, True, w)
case("hard_averaged_compiled", Norm(), under("module._orig_mod.", w) | {"n_averaged": torch.tensor(7)}, True, w)

# The model itself has a component called as a wrapper is.
case("hard_own_module", Wrapper("module", Norm()), under("module.module.", w), True, under("module.", w))
case("hard_own_model_prefix", Wrapper("model", Norm()), under("model.model.", w), True, under("model.", w))

# Weight norm, spectral norm.
def normed(how, dim=0, d=6):
    model = nn.Sequential(nn.Linear(5, d), nn.ReLU(), nn.ConvTranspose1d(d, 3, 3))
    how(model[0], dim=dim), how(model[2], dim=dim)
    return model
plainmodel = lambda: nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.ConvTranspose1d(6, 3, 3))
old, new = nn.utils.weight_norm, nn.utils.parametrizations.weight_norm
for dim in (0, 1, None):
    for tag, how in (("old", old), ("new", new)):
        source = normed(how, dim)
        folded = {f"{i}.{t}": getattr(source[i], t).detach() for i in (0, 2) for t in ("weight", "bias")}
        case(f"hard_wn_fold_{tag}_{dim}", plainmodel(), under("module.", source.state_dict()), True, folded)
        case(f"hard_wn_unfold_{tag}_{dim}", normed(how, dim), under("module.", plainmodel().state_dict()), True)
    case(f"hard_wn_names_{dim}", normed(old, dim), under("_orig_mod.", normed(new, dim).state_dict()), True)
spectral = lambda how: nn.Sequential(how(nn.Linear(5, 6)), nn.ReLU(), how(nn.Conv2d(3, 4, 3)))
case("hard_spectral_old_from_new", spectral(nn.utils.spectral_norm), under("module.", spectral(nn.utils.parametrizations.spectral_norm).state_dict()), True, hook=True)
case("hard_spectral_plain", nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Conv2d(3, 4, 3)), spectral(nn.utils.parametrizations.spectral_norm).state_dict(), False, rules=["parametrization"])
case("hard_spectral_from_plain", spectral(nn.utils.parametrizations.spectral_norm), nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Conv2d(3, 4, 3)).state_dict(), False, rules=["parametrization"])

# Fused projections.
class MHA(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.layers = nn.ModuleList(nn.ModuleDict({"self_attn": nn.MultiheadAttention(d, 2), "linear1": nn.Linear(d, 16), "linear2": nn.Linear(16, d)}) for _ in range(2))
class Apart(nn.Module):
    def __init__(self, d=8, names=("q_proj", "k_proj", "v_proj"), sizes=None, attn="self_attn", bias=True, turned=False):
        super().__init__()
        sizes = sizes or [d] * 3
        make = (lambda i, o: Conv1D(o, i)) if turned else (lambda i, o: nn.Linear(i, o, bias=bias))
        self.layers = nn.ModuleList(nn.ModuleDict({attn: nn.ModuleDict({**{x: make(d, s) for x, s in zip(names, sizes)}, "out_proj": nn.Linear(sizes[0], d)}), "linear1": nn.Linear(d, 16), "linear2": nn.Linear(16, d)}) for _ in range(2))
def fused_of(state, names, whole, dim=0):
    out = od()
    for k, v in state.items():
        word = next((x for x in names if f".{x}." in k), None)
        if word is None:
            out[k] = v
        elif word == names[0]:
            parts = [state[k.replace(f".{word}.", f".{x}.")] for x in names]
            out[whole(k.replace(f".{word}.", ".\0."))] = torch.cat(parts, dim if v.ndim > 1 else 0)
    return out
qkv = ("q_proj", "k_proj", "v_proj")
mha = lambda key: key.replace("\0.", "in_proj_")
apart = Apart().state_dict()
case("hard_mha_from_apart", MHA(), apart, True, fused_of(apart, qkv, mha))
case("hard_mha_from_apart_ddp", MHA(), under("module.", apart), True, fused_of(apart, qkv, mha))
case("hard_apart_from_mha", Apart(), under("model.", fused_of(apart, qkv, mha)), True, apart)
gqa = Apart(sizes=[8, 2, 2]).state_dict()
case("hard_gqa_split", Apart(sizes=[8, 2, 2]), fused_of(gqa, qkv, lambda k: k.replace("\0", "qkv_proj")), True, gqa)
case("hard_mqa_cattn", Apart(sizes=[8, 2, 2], names=("query", "key", "value")), fused_of({k.replace("q_proj", "query").replace("k_proj", "key").replace("v_proj", "value"): v for k, v in gqa.items()}, ("query", "key", "value"), lambda k: k.replace("\0", "c_attn")), True)
case("hard_interleaved", Apart(names=("query", "key", "value")), fused_of({k.replace("q_proj", "query").replace("k_proj", "key").replace("v_proj", "value"): v for k, v in apart.items()}, ("query", "key", "value"), lambda k: k.replace("\0", "query_key_value")), False, rules=["interleaved"])
turned = od((k, v.t().contiguous() if v.ndim == 2 and any(x in k for x in qkv) else v) for k, v in apart.items())
case("hard_cattn_conv1d", Apart(), fused_of(turned, qkv, lambda k: k.replace("\0", "c_attn"), dim=1), True, apart)
case("hard_fused_words", Apart(), fused_of(apart, qkv, lambda k: k.replace("self_attn", "attn").replace("\0", "qkv")) if False else od((k.replace("self_attn", "attn").replace("out_proj", "proj").replace("linear1", "fc1").replace("linear2", "fc2"), v) for k, v in fused_of(apart, qkv, lambda k: k.replace("\0", "qkv")).items()), True, apart)
kv = od()
for k, v in apart.items():
    if "k_proj" in k:
        kv[k.replace("k_proj", "kv_proj")] = torch.cat([v, apart[k.replace("k_proj", "v_proj")]])
    elif "v_proj" not in k:
        kv[k] = v
case("hard_kv_fused", Apart(), kv, True, apart)

# GPT-2 of Hugging Face into nanoGPT: transposes, a prefix, masks, a tied head.
hf = od((k, v) for k, v in GPT2(Conv1D).state_dict().items() if not k.startswith("lm_head"))
hf = under("transformer.", hf)
for i in range(2):
    hf[f"transformer.h.{i}.attn.bias"] = torch.ones(1, 1, 16, 16, dtype=torch.bool)
    hf[f"transformer.h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
gpt = {k.removeprefix("transformer."): v.t() if v.ndim == 2 and "c_" in k else v for k, v in hf.items() if "attn.bias" not in k and "masked" not in k}
case("hard_gpt2_nanogpt", GPT2(linear), hf, True, gpt | {"lm_head.weight": hf["transformer.wte.weight"]})

# Tied weights.
class LM(nn.Module):
    def __init__(self, vocab=12, d=6, tie=True, bias=False):
        super().__init__()
        self.model = nn.ModuleDict({"embed_tokens": nn.Embedding(vocab, d), "norm": nn.LayerNorm(d)})
        self.lm_head = nn.Linear(d, vocab, bias=bias)
        if tie:
            self.lm_head.weight = self.model.embed_tokens.weight
lm = LM().state_dict()
case("hard_tied_ddp", LM(), under("module.", without(lm, "lm_head")), True, lm)
case("hard_tied_lost_embedding", LM(), without(lm, "embed_tokens"), True, lm)
case("hard_untied_head_missing", LM(tie=False), without(lm, "lm_head"), True)
case("hard_head_too_much", nn.ModuleDict({"model": nn.ModuleDict({"embed_tokens": nn.Embedding(12, 6), "norm": nn.LayerNorm(6)})}), lm, True)
case("hard_other_head_too_much", nn.ModuleDict({"model": nn.ModuleDict({"embed_tokens": nn.Embedding(12, 6), "norm": nn.LayerNorm(6)})}), LM(tie=False).state_dict(), False)

# Sizes, with another cause beside them.
case("hard_classes_ddp", Norm(classes=9), under("module.", w), False, left=([], [], ["fc.weight", "fc.bias"]), rules=["class_count"])
case("hard_vocab_prefix", LM(vocab=64, tie=False), under("_orig_mod.", LM(vocab=50, tie=False).state_dict()), False, left=([], [], ["lm_head.weight", "model.embed_tokens.weight"]), rules=["vocabulary"])
class ViT(nn.Module):
    def __init__(self, tokens=17, d=6):
        super().__init__()
        self.pos_embed, self.cls_token = nn.Parameter(torch.randn(1, tokens, d)), nn.Parameter(torch.randn(1, 1, d))
        self.blocks = nn.Sequential(nn.Linear(d, d), nn.Linear(d, d))
case("hard_positions_ddp", ViT(26), under("module.", ViT(17).state_dict()), False, left=([], [], ["pos_embed"]), rules=["positions"])
class Swin(nn.Module):
    def __init__(self, window=3):
        super().__init__()
        self.attn = nn.Linear(4, 4)
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, 2))
        self.register_buffer("relative_position_index", torch.zeros(window**2, window**2, dtype=torch.int64))
case("hard_swin", Swin(4), Swin(3).state_dict(), False, rules=["positions"])

# Buffers on one side.
bn, gn = lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4))
case("hard_bn_into_gn", gn(), bn().state_dict(), False)
case("hard_gn_into_bn", bn(), gn().state_dict(), False)
case("hard_no_running", bn(), nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)).state_dict(), False)

# Values that are no tensors.
import numpy
odd = od(w)
odd["fc.bias"] = w["fc.bias"].numpy()
case("hard_numpy", Norm(), odd, False)
odd = od(w)
odd |= {"none": None, "name": "net", "nested": {"lr": 0.1}, "list": [1, 2]}
case("hard_not_tensors", Norm(), odd, True, w)
odd = under("module.", w)
odd["epoch"] = 3
case("hard_not_tensors_ddp", Norm(), odd, True, w)
odd = od(w)
odd["fc.bias"] = None
case("hard_none_for_tensor", Norm(), odd, False)

# Ambiguous: nothing may be guessed.
class Twins(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        for name in (a, b):
            setattr(self, name, nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)))
case("hard_twins", Twins("first", "second"), Twins("left", "right").state_dict(), False)
case("hard_twins_swapped_letters", Twins("net_a", "net_b"), Twins("net_x", "net_y").state_dict(), False)
case("hard_twins_named", Twins("encoder", "decoder"), Twins("enc", "dec").state_dict(), True, {k.replace("enc.", "encoder.").replace("dec.", "decoder."): v for k, v in Twins("enc", "dec").state_dict().items()} if False else None)
case("hard_one_of_two", nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), Twins("left", "right").state_dict(), False, rules=["ambiguous-prefix"])
case("hard_abc", nn.ModuleDict({x: nn.Linear(4, 4) for x in ("alpha", "beta_", "gam")}), nn.ModuleDict({x: nn.Linear(4, 4) for x in ("x", "y", "z")}).state_dict(), False)
case("hard_unrelated", Norm(), nn.Sequential(nn.Linear(7, 3)).state_dict(), False)


# A head of its own for each of two parts of the model; a plain candidate fits both.
case("hard_into_one_of_two", Twins("student", "teacher"), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).state_dict(), False, rules=["ambiguous-prefix"])
ema_twins = Twins("net", "ema_net")
case("hard_into_weights_and_average", ema_twins, nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).state_dict(), False, left=([f"ema_net.{k}" for k in nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).state_dict()], [], []))

# By chance one shape: a head of the candidate is not another head of the model.
class Bert(nn.Module):
    def __init__(self, pooler, head, d=6):
        super().__init__()
        self.embeddings = nn.Embedding(9, d)
        self.layer = nn.ModuleList(nn.Linear(d, 2 * d) for _ in range(2))
        if pooler:
            self.pooler = nn.ModuleDict({"dense": nn.Linear(d, d)})
        if head:
            self.predictions = nn.ModuleDict({"transform": nn.ModuleDict({"dense": nn.Linear(d, d), "LayerNorm": nn.LayerNorm(d)})})
full = Bert(False, True).state_dict()
case("hard_pooler_is_no_transform", Bert(True, False), full, False, left=(["pooler.dense.weight", "pooler.dense.bias"], [k for k in full if "predictions" in k], []))

# Names of another library, in the order of the layers; and sorted by name, as some containers are.
class Resnet(nn.Module):
    def __init__(self, depth=12, d=4):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, d, 3), nn.BatchNorm2d(d)
        self.layer1 = nn.Sequential(*[nn.ModuleDict({"conv1": nn.Conv2d(d, d, 3), "bn1": nn.BatchNorm2d(d), "conv2": nn.Conv2d(d, 2 * d, 1), "bn2": nn.BatchNorm2d(2 * d), "conv3": nn.Conv2d(2 * d, d, 1)}) for _ in range(depth)])
        self.fc = nn.Linear(d, 5)
res = Resnet().state_dict()
def hugging(key):
    key = key.replace("layer1.", "encoder.stages.0.layers.") if key.startswith("layer1.") else key.replace("fc.", "classifier.") if key.startswith("fc.") else "embedder." + key
    for old, new in (("conv1", "a.convolution"), ("bn1", "a.normalization"), ("conv2", "b.convolution"), ("bn2", "b.normalization"), ("conv3", "c.convolution")):
        key = key.replace(old, new)
    return key
other = od((hugging(k), v) for k, v in res.items())
case("hard_order", Resnet(), other, True, res)
case("hard_order_sorted", Resnet(), od(sorted(other.items())), True, res)
case("hard_order_ddp_no_counter", Resnet(), under("module.", without(other, "num_batches")), True)
swapped = od((k.replace("q_proj", "one").replace("k_proj", "two").replace("v_proj", "three").replace("self_attn", "mix").replace("linear1", "hidden").replace("linear2", "last").replace("layers", "stack"), v) for k, v in apart.items())
case("hard_order_open", Apart(), swapped, False, rules=["ambiguous-order"])

# Adapters.
def adapter(state, r=2, default=".default"):
    return od(x for i in range(2) for x in (
        (f"base_model.model.layers.{i}.self_attn.q_proj.lora_A{default}.weight", torch.randn(r, 8)),
        (f"base_model.model.layers.{i}.self_attn.q_proj.lora_B{default}.weight", torch.randn(8, r))))
case("hard_adapter_alone", Apart(), adapter(apart, default=""), False, rules=["adapter"])
whole = under("base_model.model.", od((k.replace("q_proj.", "q_proj.base_layer."), v) for k, v in apart.items())) | adapter(apart)
case("hard_peft_whole", Apart(), whole, True, apart)
case("hard_peft_dora", Apart(), whole | {f"base_model.model.layers.{i}.self_attn.q_proj.lora_magnitude_vector.default.weight": torch.ones(8) for i in range(2)}, True)
class Lora(nn.Module):
    def __init__(self, base, r=2):
        super().__init__()
        self.base_layer = base
        self.lora_A, self.lora_B = (nn.ModuleDict({"default": nn.Linear(i, o, bias=False)}) for i, o in ((base.in_features, r), (r, base.out_features)))
class Peft(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.base_model = Wrapper("model", inner)
        for layer in inner.layers:
            layer["self_attn"]["q_proj"] = Lora(layer["self_attn"]["q_proj"])
peft = Peft(Apart())
lora_names = [k for k in peft.state_dict() if "lora_" in k]
case("hard_peft_from_base", peft, apart, False, left=(lora_names, [], []))
case("hard_peft_from_adapter", Peft(Apart()), adapter(apart, default=""), False, left=([k for k in peft.state_dict() if "lora_" not in k], [], []))
saved = {k: v + 1 for k, v in whole.items() if "head" not in k} | {"base_model.model.layers.0.linear1.modules_to_save.default.weight": torch.randn(16, 8), "base_model.model.layers.0.linear1.original_module.weight": apart["layers.0.linear1.weight"],
         "base_model.model.layers.0.linear1.modules_to_save.default.bias": torch.randn(16), "base_model.model.layers.0.linear1.original_module.bias": apart["layers.0.linear1.bias"]}
saved = od((k, v) for k, v in saved.items() if k not in ("base_model.model.layers.0.linear1.weight", "base_model.model.layers.0.linear1.bias"))
case("hard_peft_modules_to_save", Apart(), saved, True, {k.replace("base_model.model.", "").replace("base_layer.", "").replace("modules_to_save.default.", ""): v for k, v in saved.items() if "lora_" not in k and "original_module" not in k})
bnpeft = under("base_model.model.", od((k.replace("fc.", "fc.base_layer."), v) for k, v in w.items())) | {"base_model.model.fc.lora_A.default.weight": torch.randn(2, 6), "base_model.model.fc.lora_B.default.weight": torch.randn(4, 2)}
case("hard_peft_bn", Norm(), bnpeft, True, w)
case("hard_peft_bn_no_counter", Norm(), without(bnpeft, "num_batches"), True)
kohya = od((f"lora_unet_down_blocks_0_attn_{n}.{t}", torch.randn(2, 2)) for n in "qk" for t in ("lora_down.weight", "lora_up.weight", "alpha"))
case("hard_kohya", Apart(), kohya, False, rules=["adapter"])

# Packed weights.
packed = od((k, v) for k, v in apart.items() if not k.endswith("q_proj.weight"))
for i in range(2):
    p = f"layers.{i}.self_attn.q_proj.weight"
    packed |= {p: torch.zeros(32, 1, dtype=torch.uint8), f"{p}.absmax": torch.zeros(1), f"{p}.quant_map": torch.zeros(16), f"{p}.quant_state.bitsandbytes__nf4": torch.zeros(30, dtype=torch.uint8)}
case("hard_bnb", Apart(), packed, False, rules=["quantised"])
gptq = od((k, v) for k, v in apart.items() if not k.endswith("q_proj.weight")) | {f"layers.{i}.self_attn.q_proj.{t}": torch.zeros(1, 8, dtype=torch.int32) for i in range(2) for t in ("qweight", "qzeros", "scales", "g_idx")}
case("hard_gptq", Apart(), gptq, False, rules=["quantised"])

# Flax: kernels lie (in, out) and (h, w, in, out), and have other names.
class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.dense = nn.Conv2d(3, 5, 3), nn.LayerNorm(5), nn.Linear(5, 7)
cnn = Cnn().state_dict()
flax = od((k.replace(".weight", ".scale" if "norm" in k else ".kernel"), v.permute(2, 3, 1, 0).contiguous() if v.ndim == 4 else v.t().contiguous() if v.ndim == 2 else v) for k, v in cnn.items())
case("hard_flax", Cnn(), flax, True, cnn)
case("hard_flax_prefix", Cnn(), under("params.", flax), True, cnn)

# Extra state, averages without their dots under another wrapper, a scheduler beside the weights.
case("hard_extra_state", Norm(), od(w) | {"fc._extra_state": torch.zeros(3, dtype=torch.uint8)}, True, w)
ldm = od(("model_ema." + k.replace(".", ""), v) for k, v in w.items()) | {"model_ema.decay": torch.tensor(0.9), "model_ema.num_updates": torch.tensor(2)} | under("model.", {k: v * 2 for k, v in w.items()})
case("hard_ldm_both", Norm(), ldm, True, {k: v * 2 for k, v in w.items()})
swap = od((k.replace("fc.", "classifier.") if k.startswith("fc.") else k, v) for k, v in w.items())
case("hard_head_renamed", Norm(), swap, True, w)
case("hard_head_renamed_classes", Norm(), od((k.replace("fc.", "classifier.") if k.startswith("fc.") else k, v) for k, v in Norm(classes=7).state_dict().items()), False, rules=["class_count"])
case("hard_frozen_part", Norm(), od((k, v) for k, v in w.items() if not k.startswith("fc.")), False, rules=["new_parts"], left=(["fc.weight", "fc.bias"], [], []))
case("hard_pruned_middle", Norm(), od((k, v) for k, v in w.items() if not k.startswith("features.1.")), False, left=([k for k in w if k.startswith("features.1.") and "num_batches" not in k], [], []))

(OUT / "expected.json").write_text(json.dumps(expected, indent=1))
print(len(expected), "pairs with the hard ones")
