"""How scanners and this program judge the same files: python scanners.py BIN DIR [--only NAME,…]

DIR holds files and an expected.json (`file`, `expect`: ok, error, flagged or skip, `cat`). Each tool runs as a
process of its own for each file, with 20 s and 4 GiB: picklescan, fickling (`--check-safety`, given the data.pkl of archives) and modelscan
where they are installed beside this Python, and BIN (`check --json`). Files that are expected to be flagged are malicious, those of category `ctl` plain. Prints one line of a
Markdown table for each tool: malicious files it flags, only suspects, and calls clean or does not scan; plain files it accuses;
of these and of the files of category `dos`, runs that hang, crash or want more memory; and half of all, and the longest, by time and memory.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib

SECONDS, MEMORY = 20, 4 << 30
HERE = pathlib.Path(sys.executable).parent


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def picklescan(path):
    return [HERE / "picklescan", "-p", path, "-g"]


def pickled(path):
    """`path`, or its data.pkl if it is an archive: fickling reads pickles."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            data = archive.read(name) if archive.getinfo(name).file_size < 64 << 20 else b""
    except (OSError, ValueError, NotImplementedError, RuntimeError, StopIteration, zipfile.BadZipFile, zlib.error):
        return path
    member = pathlib.Path(tempfile.gettempdir() + "/fickling-member.pkl")
    member.write_bytes(data)
    return str(member)


def fickling(path):
    report = tempfile.gettempdir() + "/fickling-report.json"
    pathlib.Path(report).unlink(missing_ok=True)
    return [HERE / "fickling", "--check-safety", "--json-output", report, pickled(path)]


def modelscan(path):
    report = tempfile.gettempdir() + "/modelscan-report.json"
    pathlib.Path(report).unlink(missing_ok=True)
    return [HERE / "modelscan", "-p", path, "-r", "json", "-o", report]


def of_picklescan(done):
    text = done.stdout.decode("utf-8", "replace")
    if " dangerous import " in text or "Infected files: 1" in text:
        return "flagged"
    if "Suspicious globals: " in text and "Suspicious globals: 0" not in text:
        return "suspicious"
    if "Scanned files: 0" in text or done.returncode not in (0, 1):
        return "not scanned"
    return "clean"


def of_fickling(done):
    report = pathlib.Path(tempfile.gettempdir() + "/fickling-report.json")
    if not report.exists():
        return "not scanned"
    # One report for each pickle that follows another.
    text = report.read_text()
    if any(f'"{word}"' in text for word in ("LIKELY_OVERTLY_MALICIOUS", "OVERTLY_MALICIOUS", "LIKELY_UNSAFE")):
        return "flagged"
    return "suspicious" if '"SUSPICIOUS"' in text or '"POSSIBLY_UNSAFE"' in text else "clean"


def of_modelscan(done):
    report = pathlib.Path(tempfile.gettempdir() + "/modelscan-report.json")
    if not report.exists():
        return "not scanned"
    summary = json.loads(report.read_text())["summary"]
    if summary["total_issues"]:
        return "flagged"
    return "clean" if summary["scanned"]["total_scanned"] else "not scanned"


def of_ours(done):
    try:
        status = json.loads(done.stdout)["files"][0]["status"]
    except (ValueError, LookupError):
        return "not scanned"
    return {"dangerous": "flagged", "broken": "broken", "warning": "clean", "ok": "clean", "skipped": "not scanned"}[status]


def limits():
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command):
    """(process or None for one that hangs, seconds, MB)"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limits)
        state = usage = None
        while state is None:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                state, usage = status, used
            elif time.monotonic() - start > SECONDS:
                process.kill()
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = -9
                return None, SECONDS, usage.ru_maxrss / 1024
            else:
                time.sleep(0.002)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(state)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, out.read(), err.read()), seconds, usage.ru_maxrss / 1024


def judge(name, command, verdict, root, rows):
    count = dict.fromkeys(("flagged", "broken", "suspicious", "clean", "not scanned"), 0)
    accused = hangs = crashes = memory = 0
    times, most = [], 0
    for row in rows:
        path = os.path.join(os.fsencode(root), os.fsencode(row["file"].encode("utf-8", "surrogateescape")))
        if not os.path.exists(path):
            continue
        done, seconds, megabytes = run(command(os.fsdecode(path)))
        times.append(seconds)
        most = max(most, megabytes)
        if done is None:
            found, hangs = "not scanned", hangs + 1
        else:
            crashes += done.returncode < 0
            memory += b"MemoryError" in done.stderr
            found = verdict(done)
        if row["expect"] == "flagged":
            count[found] += 1
        elif row["cat"] == "ctl":
            accused += found in ("flagged", "suspicious")
    times.sort()
    missed = count["clean"] + count["not scanned"]
    print(
        f"| {name} | {count['flagged']} | {count['broken']} | {count['suspicious']} | {missed} | {accused} | {hangs} / {crashes} / {memory} "
        f"| {times[len(times) // 2] * 1000:.0f} ms, {times[-1]:.1f} s | {most:.0f} MB |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--only", default="ckpt-tui,picklescan,fickling,modelscan")
    options = parser.parse_args()
    with open(os.path.join(options.folder, "expected.json")) as f:
        rows = [row for row in json.load(f) if row["expect"] == "flagged" or row["cat"] in ("ctl", "dos")]
    malicious = sum(row["expect"] == "flagged" for row in rows)
    plain = sum(row["cat"] == "ctl" for row in rows)
    print(f"{len(rows)} files, {malicious} malicious, {plain} plain")
    print("| tool | flagged | broken | suspicious | clean or not scanned | plain accused | hangs / crashes / no memory | half within, longest | memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    tools = {
        "picklescan": (picklescan, of_picklescan),
        "fickling": (fickling, of_fickling),
        "modelscan": (modelscan, of_modelscan),
    }
    for name in options.only.split(","):
        if name == "ckpt-tui":
            judge(name, lambda path: [options.binary, "check", "--json", path], of_ours, options.folder, rows)
        elif version(name):
            judge(f"{name} {version(name)}", *tools[name], options.folder, rows)


if __name__ == "__main__":
    main()
