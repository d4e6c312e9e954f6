"""Runs the program over a folder of broken and malicious files: python hostile.py BIN DIR

Every file (FIFOs, sockets and links too) goes through `show --json` and `ls --json`, each with 10 s and 1 GiB of address
space. Whatever the file holds: no signal, no panic, exit status 0, 1 or 2, nothing in the output that a terminal could act
on or an eye would miss, JSON that parses, the file unchanged, and no code of the file run (it would leave a mark in the
canary folder). Prints every failure, counts per outcome and `N passed, M failed`.
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


def run(binary, command, path):
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
    if done.returncode == 0:
        try:
            json.loads(done.stdout)
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
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            for command in ("show", "ls"):
                outcome, faults = run(binary, command, path)
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
