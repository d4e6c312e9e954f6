"""The models of make_mismatch.py."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, d, hidden, norm=nn.LayerNorm):
        super().__init__()
        self.norm1 = norm(d)
        self.attn = nn.ModuleDict({n: nn.Linear(d, d) for n in ("q_proj", "k_proj", "v_proj", "out_proj")})
        self.norm2 = norm(d)
        self.mlp = nn.Sequential(nn.Linear(d, hidden), nn.GELU(), nn.Linear(hidden, d))


class Net(nn.Module):
    def __init__(self, depth=3, d=8, classes=10, vocab=20, hidden=24, tie=False):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.stem = nn.Sequential(nn.Conv1d(d, d, 3), nn.BatchNorm1d(d), nn.ReLU())
        self.blocks = nn.ModuleList(Block(d, hidden) for _ in range(depth))
        self.head = nn.Linear(d, classes)
        if tie:
            self.head.weight = self.embed.weight


class Wrapper(nn.Module):
    def __init__(self, name, inner):
        super().__init__()
        setattr(self, name, inner)


class Fused(nn.Module):
    def __init__(self, d=8, kv=8, blocks=2):
        super().__init__()
        self.layers = nn.ModuleList(nn.ModuleDict({"qkv": nn.Linear(d, d + 2 * kv), "gate_up_proj": nn.Linear(d, 24, bias=False), "o": nn.Linear(d, d)}) for _ in range(blocks))


class Split(nn.Module):
    def __init__(self, d=8, kv=8, blocks=2):
        super().__init__()
        names = {"q": d, "k": kv, "v": kv}
        def layer():
            parts = {n: nn.Linear(d, s) for n, s in names.items()}
            parts |= {"gate_proj": nn.Linear(d, 12, bias=False), "up_proj": nn.Linear(d, 12, bias=False), "o": nn.Linear(d, d)}
            return nn.ModuleDict(parts)
        self.layers = nn.ModuleList(layer() for _ in range(blocks))


class Conv1D(nn.Module):
    """As in Hugging Face's GPT-2: the weight lies (in, out)."""

    def __init__(self, out, inp):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inp, out))
        self.bias = nn.Parameter(torch.randn(out))


class GPT2(nn.Module):
    def __init__(self, linear, d=8, blocks=2):
        super().__init__()
        def layer():
            return nn.ModuleDict({"ln_1": nn.LayerNorm(d), "attn": nn.ModuleDict({"c_attn": linear(3 * d, d), "c_proj": linear(d, d)}), "mlp": nn.ModuleDict({"c_fc": linear(4 * d, d), "c_proj": linear(d, 4 * d)})})
        self.h = nn.ModuleList(layer() for _ in range(blocks))
        self.wte = nn.Embedding(20, d)
        self.lm_head = nn.Linear(d, 20, bias=False)
        self.lm_head.weight = self.wte.weight


def linear(out, inp):
    return nn.Linear(inp, out)
