"""Runs the program over a folder of broken and malicious files: python hostile.py BIN DIR

Every file (FIFOs, sockets and links too) goes through `check --json`, `show --json` and `ls --json`, each with 10 s and 1 GiB of address
space. Whatever the file holds: no signal, no panic, exit status 0, 1 or 2, nothing in the output that a terminal could act
on or an eye would miss, JSON that parses, the file unchanged, and no code of the file run (it would leave a mark in the
canary folder). Where the folder has an expected.json, `check` must come to the outcome it says, with the
names and warnings it lists and as many tensors. Prints every failure, counts per outcome and `N passed, M failed`.
"""

import collections
import json
import os
import resource
import signal
import subprocess
import sys
import unicodedata

CANARY = "/tmp/ckpt-tui-canary"
SECONDS, MEMORY = 10, 1 << 30
# Invisible, though no category says so; the rest goes by category.
BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def unsafe(data):
    """The first character that must not reach a terminal as it is, or None."""
    try:
        text = data.decode()
    except UnicodeDecodeError as e:
        return f"byte {data[e.start]:#04x}, which is not UTF-8"
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return None
    for c in text:
        if c not in "\n\t" and (unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") or (unicodedata.category(c) == "Zs" and c != " ") or ord(c) in BLANK):
            return f"U+{ord(c):04X}"
    return None


def marks():
    return os.listdir(CANARY)


def stamp(path):
    s = os.lstat(path)
    return s.st_size, s.st_mtime_ns, s.st_ino


OUTCOMES = {"ok": "ok", "warning": "ok", "broken": "error", "dangerous": "flagged", "skipped": "skip"}


def expectation(report, row):
    """What `check` found against what it was to find."""
    if not report.get("files"):
        return ["no file in the report"]
    file = report["files"][0]
    outcome, faults = OUTCOMES[file["status"]], []
    if outcome not in {row["expect"], *row.get("also", [])}:
        faults.append(f"{outcome}, and expected is {row['expect']}")
    told = json.dumps(file, ensure_ascii=False)
    names = {*file["globals"], *(name for name in row.get("globals", []) if json.dumps(name, ensure_ascii=False)[1:-1] in told)}
    faults += [f"does not name {name!r}" for name in row.get("globals", []) if name not in names]
    codes = {finding["code"] for finding in file["findings"]}
    if outcome == "ok":
        faults += [f"lacks {code}" for code in row.get("warn", []) if code not in codes]
    if outcome in ("ok", "flagged") and outcome == row["expect"]:
        want = row.get("tensors", file["tensors"])
        faults += [f"{file['tensors']} tensors, and expected are {want}"] if file["tensors"] != want else []
    return faults


def run(binary, command, path, row=None):
    """(outcome, faults)"""
    before = stamp(path)
    try:
        done = subprocess.run([binary, command, "--json", path], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, preexec_fn=limits)
    except subprocess.TimeoutExpired:
        return "timeout", [f"no answer in {SECONDS} s"]
    faults = []
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        faults.append(f"killed by {name}")
        return name, faults
    if done.returncode not in (0, 1, 2):
        faults.append(f"exit status {done.returncode}")
    if b"panicked at" in done.stdout + done.stderr:
        faults.append("panicked: " + done.stderr.decode("utf-8", "replace").strip()[:200])
    for name, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        if found := unsafe(data):
            faults.append(f"{name} holds {found}")
    if done.returncode in (0, 1):
        try:
            answer = json.loads(done.stdout)
            if command == "check" and row:
                faults += expectation(answer, row)
        except (ValueError, RecursionError) as e:
            faults.append(f"not JSON: {str(e)[:100]}")
    elif done.returncode == 2 and not done.stderr.strip():
        faults.append("exit status 2 without a word")
    if marks():
        faults.append(f"CODE RAN: {marks()}")
        for mark in marks():
            os.remove(os.path.join(CANARY, mark))
    if stamp(path) != before:
        faults.append("the file was changed")
    return f"exit {done.returncode}", faults


def main():
    binary, root = os.path.abspath(sys.argv[1]), os.fsencode(sys.argv[2])
    os.makedirs(CANARY, exist_ok=True)
    os.chmod(CANARY, 0o777)
    for mark in marks():
        os.remove(os.path.join(CANARY, mark))
    passed = failed = 0
    outcomes = collections.Counter()
    rows = {}
    if os.path.exists(os.path.join(root, b"expected.json")):
        with open(os.path.join(root, b"expected.json")) as f:
            rows = {os.fsencode(row["file"].encode("utf-8", "surrogateescape")): row for row in json.load(f)}
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            row = rows.get(os.path.relpath(path, root))
            if row and (row.get("nonroot") or row.get("scan")):
                row = None  # to be judged as another user, or as a folder
            for command in ("check", "show", "ls"):
                outcome, faults = run(binary, command, path, row)
                outcomes[f"{command}: {outcome}"] += 1
                passed, failed = passed + (not faults), failed + bool(faults)
                for fault in faults:
                    print(f"{command} {ascii(os.fsdecode(os.path.relpath(path, root)))}: {ascii(fault)}")
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome}: {count}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
