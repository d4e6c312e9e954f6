"""Train the demo experiment again: python make_demo.py [OUT]   (needs torch, safetensors; CPU, under a minute)

Five small but real trainings; every loss in a checkpoint is the one measured at that epoch. Seeds are fixed and
one thread is used, so a second run on the same machine and torch writes the same bytes (but for the order of the
metadata in glyphs.safetensors). See README.md.
"""

import argparse
import math
import os
import shutil
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True  # no __pycache__ in the folder that is browsed
from model import Forecaster, GlyphNet, SpiralNet  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = sys.argv[1] if len(sys.argv) > 1 else HERE
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def folder(name):
    path = os.path.join(OUT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def batches(x, y, size):
    for at in torch.randperm(len(x)).split(size):
        yield x[at], y[at]


def train_epoch(model, optimizer, loss_of, x, y, size):
    """One pass over the data; the mean loss over its samples, as seen while training."""
    model.train()
    total = 0.0
    for a, b in batches(x, y, size):
        optimizer.zero_grad()
        loss = loss_of(model(a), b)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(a)
    return total / len(x)


@torch.no_grad()
def evaluate(model, loss_of, x, y):
    model.eval()
    out = model(x)
    accuracy = (out.argmax(1) == y).float().mean().item() if y.dtype == torch.int64 else None
    return loss_of(out, y).item(), accuracy


def show(run, epoch, **values):
    print(f"{run:22} epoch {epoch:2}  " + "  ".join(f"{k} {v:.4f}" for k, v in values.items()), flush=True)


# Data: synthetic, yet problems that have to be learnt.

def spirals(count, flipped):
    """Three noisy spiral arms; a share of the labels is wrong, which is what there is to overfit."""
    label = torch.randint(0, 3, (count,))
    t = torch.rand(count).sqrt() * 2.2
    angle = t * 2.0 + label * (2 * math.pi / 3)
    x = torch.stack([t * angle.cos(), t * angle.sin()], 1) + 0.12 * torch.randn(count, 2)
    wrong = torch.rand(count) < flipped
    return x, torch.where(wrong, torch.randint(0, 3, (count,)), label)


def glyphs(count):
    """Six 5x5 glyphs at random places of a noisy 12x12 image."""
    rows = ["00000 00000 11111 00000 00000", "00100 00100 00100 00100 00100", "00100 00100 11111 00100 00100",
            "11111 10001 10001 10001 11111", "10001 01010 00100 01010 10001", "10000 10000 10000 10000 11111"]
    shapes = torch.tensor([[[float(c) for c in line] for line in r.split()] for r in rows])
    label = torch.randint(0, len(rows), (count,))
    x = torch.zeros(count, 1, 12, 12)
    for i, (top, left) in enumerate(torch.randint(0, 8, (count, 2)).tolist()):
        x[i, 0, top:top + 5, left:left + 5] = shapes[label[i]]
    return x + 0.35 * torch.randn_like(x), label


def waves(count, steps=16):
    """Windows of a sum of two sines with noise; the target is the next value."""
    t = torch.rand(count, 1) * 60 + torch.arange(steps + 1) * 0.35
    y = t.sin() + 0.5 * (2.3 * t).sin() + 0.1 * torch.randn(count, steps + 1)
    return y[:, :-1, None], y[:, -1:]


# Runs.

def overfit():
    """Few noisy samples, no regularisation: the training loss falls to the end, the validation loss does not."""
    run = folder("spirals-overfit")
    torch.manual_seed(1)
    (x, y), (vx, vy) = spirals(90, 0.2), spirals(600, 0.2)
    model = SpiralNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(1, 25):
        loss = train_epoch(model, optimizer, F.cross_entropy, x, y, 8)
        val_loss, val_acc = evaluate(model, F.cross_entropy, vx, vy)
        torch.save({"epoch": epoch, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
                    "loss": loss, "val_loss": val_loss, "val_acc": val_acc}, f"{run}/epoch_{epoch:02}.pt")
        show("spirals-overfit", epoch, loss=loss, val_loss=val_loss, val_acc=val_acc)


def diverges():
    """The warm-up goes on too long: the step grows until the weights blow up. Nobody was watching."""
    run = folder("wave-lr-too-high")
    torch.manual_seed(2)
    args = argparse.Namespace(lr=0.02, warmup=1.6, momentum=0.9, epochs=10, batch_size=8, data="waves", amp=False)
    x, y = waves(512)
    vx, vy = waves(256)
    x, vx = x.flatten(1), vx.flatten(1)
    model = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, args.warmup)
    for epoch in range(args.epochs):
        loss = train_epoch(model, optimizer, F.mse_loss, x, y, args.batch_size)
        val_loss, _ = evaluate(model, F.mse_loss, vx, vy)
        lr = scheduler.get_last_lr()[0]
        scheduler.step()
        torch.save({"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict(),
                    "train_loss": loss, "val_loss": val_loss, "args": args}, f"{run}/checkpoint_{epoch:04}.pth")
        show("wave-lr-too-high", epoch, loss=loss, val_loss=val_loss, lr=lr)


def good():
    """What a tidy script leaves: a checkpoint every other epoch with histories and config, best.pt and last.pt."""
    run = folder("glyphs-cnn")
    torch.manual_seed(3)
    (x, y), (vx, vy) = glyphs(900), glyphs(600)
    config = {"model": "GlyphNet", "width": 8, "dropout": 0.2, "lr": 0.01, "weight_decay": 0.01, "epochs": 16, "batch_size": 50, "seed": 3}
    model = GlyphNet(width=config["width"], dropout=config["dropout"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"])
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config["epochs"])
    history = {"train_loss": [], "val_loss": [], "val_acc": [], "lr": []}
    best = math.inf
    for epoch in range(1, config["epochs"] + 1):
        lr = scheduler.get_last_lr()[0]
        loss = train_epoch(model, optimizer, F.cross_entropy, x, y, config["batch_size"])
        val_loss, val_acc = evaluate(model, F.cross_entropy, vx, vy)
        scheduler.step()
        for name, value in zip(history, (loss, val_loss, val_acc, lr)):
            history[name].append(value)
        show("glyphs-cnn", epoch, loss=loss, val_loss=val_loss, val_acc=val_acc)
        if epoch % 2:
            continue
        path = f"{run}/checkpoint_{epoch:03}.pt"
        better = val_loss < best
        best = min(best, val_loss)
        torch.save({"epoch": epoch, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
                    "scheduler_state_dict": scheduler.state_dict(), "loss": loss, "val_loss": val_loss, "val_acc": val_acc,
                    "best_val_loss": best, "history": history, "config": config}, path)
        shutil.copyfile(path, f"{run}/last.pt")
        if better:
            shutil.copyfile(path, f"{run}/best.pt")
    return model, epoch, val_loss, val_acc


def exports(model, epoch, val_loss, val_acc):
    """The trained glyph network once more, in the other ways people save a model."""
    from safetensors.torch import save_file
    out = folder("exports")
    model.train()  # forgotten in train mode, as it often is
    torch.save(model, f"{out}/glyphs_model.pth")
    torch.save(model.state_dict(), f"{out}/glyphs_weights.pth")
    save_file(model.state_dict(), f"{out}/glyphs.safetensors",
              metadata={"format": "pt", "model": "GlyphNet", "epoch": str(epoch), "val_loss": repr(val_loss), "val_acc": repr(val_acc)})


def lightning_layout():
    """A run as Lightning lays it out: folders, file names and dictionary keys are Lightning's, written here by hand
    (Lightning itself was not used); the training and its numbers are real."""
    root = folder("lightning_logs")
    run = f"{root}/version_0"
    os.makedirs(f"{run}/checkpoints")
    torch.manual_seed(4)
    (x, y), (vx, vy) = waves(800), waves(400)
    hparams = {"hidden": 16, "lr": 0.01}
    model = Forecaster(hparams["hidden"])
    optimizer = torch.optim.Adam(model.parameters(), lr=hparams["lr"])
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.3)
    with open(f"{run}/hparams.yaml", "w") as f:
        f.write("".join(f"{k}: {v}\n" for k, v in hparams.items()))
    step, kept, rows = 0, {}, ["epoch,step,train_loss,val_loss"]
    for epoch in range(10):
        loss = train_epoch(model, optimizer, F.mse_loss, x, y, 50)
        val_loss, _ = evaluate(model, F.mse_loss, vx, vy)
        scheduler.step()
        step += len(x) // 50
        # One row per log call, as Lightning's CSV logger writes them: validation first, cells of others empty.
        rows += [f"{epoch},{step - 1},,{val_loss}", f"{epoch},{step - 1},{loss},"]
        show("lightning_logs", epoch, loss=loss, val_loss=val_loss)
        path = f"checkpoints/epoch={epoch}-step={step}.ckpt"
        kept[path] = torch.tensor(val_loss)
        top = sorted(kept, key=kept.get)[:3]  # save_top_k=3
        for path_gone in set(kept) - set(top):
            del kept[path_gone]
            if os.path.exists(f"{run}/{path_gone}"):
                os.remove(f"{run}/{path_gone}")
        monitor = {"monitor": "val_loss", "best_model_score": kept[top[0]], "best_model_path": top[0],
                   "current_score": torch.tensor(val_loss), "dirpath": "checkpoints", "best_k_models": dict(kept),
                   "kth_best_model_path": top[-1], "kth_value": kept[top[-1]], "last_model_path": "checkpoints/last.ckpt"}
        done = {"total": {"ready": epoch + 1, "completed": epoch + 1}, "current": {"ready": epoch + 1, "completed": epoch + 1}}
        checkpoint = {"epoch": epoch, "global_step": step, "pytorch-lightning_version": "2.6.0",
                      "state_dict": {f"net.{k}": v for k, v in model.state_dict().items()},
                      "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": done}},
                      "callbacks": {"ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min', 'every_n_train_steps': 0, "
                                    "'every_n_epochs': 1, 'train_time_interval': None}": monitor},
                      "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [scheduler.state_dict()],
                      "hparams_name": "kwargs", "hyper_parameters": hparams}
        if path in kept:
            torch.save(checkpoint, f"{run}/{path}")
        torch.save(checkpoint, f"{run}/checkpoints/last.ckpt")
    with open(f"{run}/metrics.csv", "w") as f:
        f.write("\n".join(rows) + "\n")


overfit()
diverges()
exports(*good())
lightning_layout()
total = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(OUT) for f in files if "__pycache__" not in d)
print(f"{total / 1e6:.2f} MB in {OUT}")
