"""Runs the lines `ckpt-tui show` prints for loading a file, and looks at what they hand over: python load_snippets.py BIN DIR

Only for files the line makers of this folder wrote: whole models and objects are unpickled. Names a reader of the snippet
must supply (the model, its class, the optimizer …) are stand-ins that take anything; any other unknown name is a failure.
Checked: the snippet runs as printed; a model is given exactly the keys of a model section; a whole model or TorchScript
program ends up in `model`. Prints every failure and `N passed, M failed, K skipped`.
"""

import builtins
import json
import os
import subprocess
import sys
import traceback
import warnings

import torch

sys.dont_write_bytecode = True
from oracle import Walk  # noqa: E402

warnings.simplefilter("ignore")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
FORMATS = {"torch-zip", "torch-legacy", "torchscript", "safetensors", "pickle"}
ROLES = ("model", "ema", "optimizer", "scheduler", "scaler", "net", "generator", "discriminator", "encoder", "decoder", "student", "teacher")


# Its tensors lie in arguments of calls and in sets, under names no loader could ask for.
SKIPPED = {"hidden_tensors.pt"}


class Stand:
    """Takes every call and attribute, and keeps what load_state_dict was given."""

    def __init__(self, given):
        self.__dict__["given"] = given

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Stand(self.given)

    def __setattr__(self, name, value):
        pass

    def __call__(self, *args, **kw):
        return Stand(self.given)

    def __iter__(self):
        return iter(())

    def load_state_dict(self, state, *args, **kw):
        self.given.append(state)
        return Stand(self.given)


class Names(dict):
    """A namespace in which classes (Capitalised) and the usual objects of a training script exist."""

    def __init__(self, given):
        super().__init__(__name__="snippet")
        self.given = given

    def __missing__(self, name):
        if hasattr(builtins, name):
            return getattr(builtins, name)
        if name[:1].isupper() or any(role in name for role in ROLES):
            return Stand(self.given)
        raise KeyError(name)


def keys_of(state):
    """Tensor names of what load_state_dict was given; None for what has none."""
    if not isinstance(state, dict):
        return None
    return {path for path, _ in Walk(state).tensors}


def check(path, shown):
    given = []
    names = Names(given)
    os.chdir(os.path.dirname(path))
    exec(compile(shown["load"]["snippet"], "snippet", "exec"), names, names)
    whole = {m["path"] for m in shown["modules"]} if shown["kind"] == "training" else ()  # used as they are, not handed on
    wanted = [{t["key"] for t in shown["tensors"] if t["section"] == s["name"]} for s in shown["sections"] if s["role"] == "model" and s["name"] not in whole]
    model = names.get("model")
    if shown["kind"] in ("whole_model", "torchscript"):
        if not isinstance(model, torch.nn.Module):
            return f"`model` is a {type(model).__name__}, not a module"
        if keys_of(model.state_dict()) != wanted[0] if wanted else model.state_dict():
            return "`model` has other keys than the model section"
        return None
    if os.path.basename(os.path.dirname(path)) == "mixed":  # random objects hold tensors that have no agreed name
        return None
    if shown["kind"] in ("state_dict", "training") and wanted:
        handed = [keys_of(state) for state in given]
        if not any(w in handed for w in wanted):
            near = min((set(w) ^ h for w in wanted for h in handed if h is not None), key=len, default=None)
            return "nothing was handed to load_state_dict" if not given else f"no load_state_dict was given the model section's keys; nearest differs in {sorted(near or [])[:4]}"
    return None


def main():
    binary, root = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    torch.set_num_threads(1)
    passed = failed = skipped = 0
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            done = subprocess.run([binary, "show", "--json", path], capture_output=True, timeout=60)
            shown = json.loads(done.stdout) if done.returncode == 0 else {}
            if name in SKIPPED or shown.get("format") not in FORMATS or not (shown.get("load") or {}).get("snippet"):
                skipped += 1
                continue
            try:
                fault = check(path, shown)
            except Exception as e:
                line = next((f.lineno for f in reversed(traceback.extract_tb(e.__traceback__)) if f.filename == "snippet"), None)
                fault = f"{type(e).__name__}: {str(e).splitlines()[0][:200] if str(e) else ''} (line {line})"
            passed, failed = passed + (fault is None), failed + (fault is not None)
            if fault:
                print(f"{os.path.relpath(path, root)}: {fault}\n    " + shown["load"]["snippet"].rstrip().replace("\n", "\n    "))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
