"""Trains tiny models on the CPU with Lightning, Hugging Face's Trainer and timm, and compares what ckpt-tui reads
from the folders they leave with the records the libraries keep themselves.

Usage: fresh_training.py CKPT_TUI FOLDER
"""

import argparse
import json
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
warnings.filterwarnings("ignore")

import torch  # noqa: E402

torch.manual_seed(0)
torch.set_num_threads(2)
FAILED = []


def check(what, got, want):
    close = isinstance(got, float) and isinstance(want, float) and math.isclose(got, want, rel_tol=1e-6, abs_tol=1e-9)
    if got != want and not close:
        FAILED.append(f"{what}: {got!r}, but the library says {want!r}")


def ask(binary, *args):
    done = subprocess.run([binary, *map(str, args), "--json"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{args}: exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def curve(binary, folder, name):
    """The points of a metric of the only run that has it."""
    runs = ask(binary, "curves", folder, "--metric", name)["runs"]
    series = [s for run in runs for s in run["series"] if s["name"] == name]
    if len(series) != 1:
        FAILED.append(f"{folder.name} {name}: {len(series)} series")
        return {}
    return {x: y for x, y in series[0]["points"]}


def same_curve(what, found, want):
    # Fractions of epochs go through decimal text.
    found, want = ({round(x, 9): y for x, y in curve.items()} for curve in (found, want))
    check(f"{what}: x", sorted(found), sorted(want))
    for x in found.keys() & want.keys():
        check(f"{what} at {x}", found[x], want[x])


def lightning(binary, folder):
    import logging

    import lightning as L
    from lightning.pytorch.callbacks import Callback, ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Model(L.LightningModule):
        def __init__(self, lr=0.3, width=4):
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Sequential(torch.nn.Linear(3, width), torch.nn.Tanh(), torch.nn.Linear(width, 1))

        def training_step(self, batch, _):
            loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", torch.nn.functional.mse_loss(self.net(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    class Record(Callback):
        """What the trainer itself holds at the end of each epoch, by completed epochs."""

        def __init__(self):
            self.val, self.train, self.steps = {}, {}, {}

        def on_validation_end(self, trainer, _):
            if not trainer.sanity_checking:
                self.val[trainer.current_epoch + 1] = float(trainer.callback_metrics["val_loss"])

        def on_train_epoch_end(self, trainer, _):
            self.train[trainer.current_epoch + 1] = float(trainer.callback_metrics["train_loss_epoch"])
            self.steps[trainer.current_epoch + 1] = trainer.global_step

    x = torch.randn(64, 3)
    data = torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True).sin())
    loader = torch.utils.data.DataLoader(data, batch_size=16)
    record = Record()
    keep = ModelCheckpoint(monitor="val_loss", mode="min", save_top_k=-1, save_last=True, filename="{epoch}-{val_loss:.4f}")
    trainer = L.Trainer(
        max_epochs=5, accelerator="cpu", default_root_dir=folder, callbacks=[keep, record], log_every_n_steps=1,
        logger=[CSVLogger(folder), TensorBoardLogger(folder)], enable_progress_bar=False, enable_model_summary=False,
    )
    trainer.fit(Model(), loader, loader)
    best = ask(binary, "best", folder)
    check("lightning: best path", Path(best["path"]).name, Path(keep.best_model_path).name)
    check("lightning: best value", best["value"], float(keep.best_model_score))
    check("lightning: metric", (best["metric"], best["mode"], best["on_disk"]), ("val_loss", "min", True))
    check("lightning: opinion", best["opinion"]["agrees"], True)
    same_curve("lightning: val_loss", curve(binary, folder, "val_loss"), record.val)
    same_curve("lightning: train_loss_epoch", curve(binary, folder, "train_loss_epoch"), record.train)
    rows = [row for run in ask(binary, "ls", folder)["runs"] for row in run["checkpoints"]]
    check("lightning: steps by epoch", {r["epoch"]: r["step"] for r in rows}, record.steps)
    check("lightning: values of checkpoints", {r["epoch"]: round(r["metrics"]["val_loss"], 6) for r in rows},
          {epoch: round(value, 6) for epoch, value in record.val.items()})


def hugging_face(binary, folder):
    import transformers

    transformers.utils.logging.disable_progress_bar()
    config = transformers.GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=16, n_positions=8, bos_token_id=0, eos_token_id=0)
    rows = [{"input_ids": ids, "labels": ids} for ids in torch.randint(0, 16, (24, 8))]
    args = transformers.TrainingArguments(
        output_dir=str(folder), num_train_epochs=3, per_device_train_batch_size=8, eval_strategy="epoch", save_strategy="epoch",
        logging_steps=1, learning_rate=5e-2, load_best_model_at_end=True, metric_for_best_model="eval_loss", greater_is_better=False,
        use_cpu=True, report_to=[], disable_tqdm=True,
    )
    trainer = transformers.Trainer(model=transformers.GPT2LMHeadModel(config), args=args, train_dataset=rows, eval_dataset=rows[:8])
    trainer.train()
    trainer.save_state()
    state = trainer.state
    best = ask(binary, "best", folder, "--metric", "eval_loss")
    check("transformers: best checkpoint", Path(state.best_model_checkpoint).name in best["path"], True)
    check("transformers: best value", best["value"], float(state.best_metric))
    check("transformers: opinion", best["opinion"]["agrees"], True)
    history = state.log_history
    for name in ["loss", "eval_loss"]:
        want = {row["epoch"]: float(row[name]) for row in history if name in row}
        same_curve(f"transformers: {name}", curve(binary, folder, name), want)
    epochs = {row["step"]: row["epoch"] for row in history}
    found = [row for run in ask(binary, "ls", folder)["runs"] for row in run["checkpoints"] if row["step"]]
    for row in found:
        check(f"transformers: epoch of {row['path']}", float(row["epoch"]), float(epochs[row["step"]]))
    check("transformers: steps", sorted({row["step"] for row in found}), [3, 6, 9])


def timm(binary, folder):
    import timm.utils

    model = torch.nn.Sequential(torch.nn.Linear(4, 2))
    model.default_cfg = {}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    args = argparse.Namespace(model="tiny", eval_metric="top1", lr=0.1, epochs=4)
    saver = timm.utils.CheckpointSaver(
        model=model, optimizer=optimizer, args=args, checkpoint_dir=str(folder), recovery_dir=str(folder), decreasing=False, max_history=2
    )
    folder.mkdir(parents=True)
    top1 = [50.0, 70.0, 60.0, 65.0]
    best_metric = best_epoch = None
    for epoch, value in enumerate(top1):
        timm.utils.update_summary(
            epoch, {"loss": 1 / (epoch + 1)}, {"loss": 2 / (epoch + 1), "top1": value}, filename=str(folder / "summary.csv"),
            lr=0.1, write_header=epoch == 0,
        )
        best_metric, best_epoch = saver.save_checkpoint(epoch, metric=value)
    best = ask(binary, "best", folder, "--metric", "top1")
    check("timm: best value", best["value"], float(best_metric))
    check("timm: best epoch, completed", best["epoch"], best_epoch + 1)
    check("timm: direction", best["mode"], "max")
    check("timm: on disk", best["on_disk"], (folder / f"checkpoint-{best_epoch}.pth.tar").exists())
    eval_top1 = ask(binary, "best", folder, "--metric", "eval_top1")
    check("timm: best of the summary", (eval_top1["value"], eval_top1["epoch"]), (70.0, best_epoch + 1))
    same_curve("timm: eval_top1", curve(binary, folder, "eval_top1"), {e + 1: v for e, v in enumerate(top1)})
    same_curve("timm: train_loss", curve(binary, folder, "train_loss"), {e + 1: 1 / (e + 1) for e in range(4)})


def main():
    binary, folder = sys.argv[1], Path(sys.argv[2])
    for train in [lightning, hugging_face, timm]:
        train(binary, folder / train.__name__)
        print(f"{train.__name__}: compared")
    for line in FAILED:
        print(line)
    sys.exit(bool(FAILED))


main()
