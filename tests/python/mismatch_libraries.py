"""One model in two libraries: state dicts of torchvision, timm and transformers under each other's names. The weights
`export --repair` writes must load strictly, and the model must then compute what the other computes.

python mismatch_libraries.py CKPT_TUI FOLDER (needs torchvision, timm, transformers)"""

import pathlib
import subprocess
import sys
import warnings

import timm
import torch
import torchvision
import transformers as hf
from safetensors.torch import load_file

warnings.filterwarnings("ignore")
BIN, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
FOLDER.mkdir(parents=True, exist_ok=True)
failed = 0


def shuffled(model):
    """Every tensor differs from every other, so that a mix-up shows."""
    torch.manual_seed(3)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor) * 0.05)
    return model.eval()


def outputs(model, x):
    with torch.no_grad():
        out = model(x)
    return getattr(out, "logits", out) if not hasattr(out, "last_hidden_state") else out.last_hidden_state


def check(name, model, other, x, atol=1e-4):
    global failed
    a, b, out = (FOLDER / f"{name}{end}" for end in ("_a.pt", "_b.pt", ".safetensors"))
    model, other = model.eval(), shuffled(other)
    torch.save(model.state_dict(), a)
    torch.save(other.state_dict(), b)
    done = subprocess.run([BIN, "export", b, "--repair", a, "-o", out, "--force"], capture_output=True, text=True)
    try:
        assert done.returncode == 0, done.stderr
        model.load_state_dict(load_file(out))
        difference = (outputs(model, x) - outputs(other, x)).abs().max().item()
        assert difference <= atol, f"outputs differ by {difference}"
    except Exception as error:
        failed += 1
        print(f"FAILED {name}: {type(error).__name__}: {str(error)[:600]}\n{done.stdout[:1500]}")


image = torch.randn(1, 3, 64, 64)
tv_resnet, timm_resnet = (lambda: torchvision.models.resnet18(num_classes=10)), (lambda: timm.create_model("resnet18", num_classes=10))
hf_resnet = lambda: hf.ResNetForImageClassification(hf.ResNetConfig(embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic", num_labels=10))
tv_resnet50 = lambda: torchvision.models.resnet50(num_classes=10)
hf_resnet50 = lambda: hf.ResNetForImageClassification(hf.ResNetConfig(num_labels=10))
check("torchvision_from_hf_resnet", tv_resnet(), hf_resnet(), image)
check("hf_from_torchvision_resnet", hf_resnet(), tv_resnet(), image)
check("torchvision_from_timm_resnet", tv_resnet(), timm_resnet(), image)
check("torchvision_from_hf_resnet50", tv_resnet50(), hf_resnet50(), image)
check("hf_from_torchvision_resnet50", hf_resnet50(), tv_resnet50(), image)

size = dict(image_size=64, patch_size=16)
timm_vit = lambda: timm.create_model("vit_tiny_patch16_224", num_classes=10, depth=3, img_size=64)
hf_vit = lambda: hf.ViTForImageClassification(hf.ViTConfig(**size, hidden_size=192, num_hidden_layers=3, num_attention_heads=3, intermediate_size=768, num_labels=10, layer_norm_eps=1e-6))
tv_vit = lambda: torchvision.models.VisionTransformer(**size, num_layers=3, num_heads=3, hidden_dim=192, mlp_dim=768, num_classes=10)
check("timm_from_hf_vit", timm_vit(), hf_vit(), image)
check("hf_from_timm_vit", hf_vit(), timm_vit(), image)
check("torchvision_from_timm_vit", tv_vit(), timm_vit(), image)
check("timm_from_torchvision_vit", timm_vit(), tv_vit(), image)
check("torchvision_from_hf_vit", tv_vit(), hf_vit(), image)

timm_convnext = lambda: timm.create_model("convnext_atto", num_classes=10)
hf_convnext = lambda: hf.ConvNextForImageClassification(hf.ConvNextConfig(num_labels=10, layer_norm_eps=1e-6))
check("torchvision_from_timm_convnext", torchvision.models.convnext_tiny(num_classes=10), timm.create_model("convnext_tiny", num_classes=10), image)
check("timm_from_hf_convnext", timm.create_model("convnext_tiny", num_classes=10), hf_convnext(), image)
check("torchvision_from_timm_mobilenet", torchvision.models.mobilenet_v2(num_classes=10), timm.create_model("mobilenetv2_100", num_classes=10), image)

tokens = torch.randint(5, 90, (1, 12))
small = dict(vocab_size=100, pad_token_id=0, bos_token_id=1, eos_token_id=2)
gpt = hf.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=32, **{k: v for k, v in small.items() if k != "pad_token_id"})
check("gpt2_head_from_base", hf.GPT2Model(gpt), hf.GPT2Model(gpt), tokens)
llama = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, **small)
check("llama_from_phi3", hf.LlamaForCausalLM(hf.LlamaConfig(**llama)), hf.Phi3ForCausalLM(hf.Phi3Config(**llama)), tokens, 1e-2)
print("models of other libraries: " + (f"{failed} FAILED" if failed else "all repaired"))
sys.exit(bool(failed))
