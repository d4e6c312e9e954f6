"""Times commands against each other in one run: python3 pair.py [-n RUNS | -1] [-o FILE] -- COMMAND… [-- COMMAND…]

The commands take turns (A B A B …), so that a busy moment of the machine strikes both. Prints for each the medians of wall
time, user and system time, and the peak memory; with two commands also the ratio of the wall times. Each has run
once before, unmeasured, so that files are in the page cache. With -o, the same as JSON. With -1, for what takes
minutes: every command runs once and no more, and its memory is at least that of this process.
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import time


def once(command, quiet):
    """(wall, user, system) in seconds of one process, and its peak memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=quiet, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit status {process.returncode}: {errors.decode(errors='replace').strip()[-300:]}")
    return wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024


def peak_memory(command):
    """Peak memory in bytes, in a run of its own.

    Linux counts into a process what its parent held when it was started, which for a child of Python is 12 MB at least.
    So a shell starts it in the background and leaves, and this process inherits it.
    """
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    shell = subprocess.Popen(["/bin/sh", "-c", '"$@" >/dev/null 2>&1 </dev/null &', "sh", *command])
    peak = 0
    while True:
        try:
            pid, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            shell.returncode = 0
            return peak
        if pid != shell.pid:
            peak = max(peak, usage.ru_maxrss * 1024)


def main():
    args = sys.argv[1:]
    runs, out = 5, None
    single = "-1" in args[:args.index("--")]
    if single:
        runs = 1
        args.remove("-1")
    while args and args[0] != "--":
        option, value, *args = args
        if option == "-n":
            runs = int(value)
        elif option == "-o":
            out = value
        else:
            sys.exit(__doc__)
    commands = []
    for word in args:
        commands.append([]) if word == "--" else commands[-1].append(word)
    with open(os.devnull, "w") as quiet:
        for command in commands if not single else []:
            once(command, quiet)
        measured = [[] for _ in commands]
        for _ in range(runs):
            for command, rows in zip(commands, measured):
                rows.append(once(command, quiet))
    result = []
    for command, rows in zip(commands, measured):
        wall, user, system, memory = zip(*rows)
        result.append({"command": command, "wall": statistics.median(wall), "best": min(wall), "user": statistics.median(user),
                       "system": statistics.median(system), "memory": memory[0] if single else peak_memory(command)})
        r = result[-1]
        print(f"  {r['wall'] * 1e3:9.1f} ms  (best {r['best'] * 1e3:.1f}, user {r['user'] * 1e3:.1f}, system {r['system'] * 1e3:.1f})"
              f"  {r['memory'] / 1e6:7.1f} MB  {' '.join(command)}")
    if len(result) == 2:
        a, b = result
        print(f"  the second takes {b['wall'] / a['wall']:.1f} times the time and {b['memory'] / a['memory']:.1f} times the memory of the first")
    if out:
        with open(out, "w") as f:
            json.dump(result, f)


if __name__ == "__main__":
    main()
