"""Times the terminal UI from outside, through a pseudo-terminal: python3 benches/frames.py BIN FOLDER FILE

FOLDER: how long after start the first frame is drawn while the scan runs. FILE: from each key to the first byte of the frame
that answers it. Prints medians and the 99th percentile; judges nothing.
"""

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time

ROWS, COLUMNS = 45, 140


def start(arguments):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(arguments[0], arguments)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return pid, fd


def read(fd, wait):
    ready, _, _ = select.select([fd], [], [], wait)
    try:
        return os.read(fd, 1 << 20) if ready else b""
    except OSError:  # how Linux says that the program has ended
        return b""


def quiet(fd, wait=0.3):
    while read(fd, wait):
        pass


def stop(pid, fd):
    os.kill(pid, signal.SIGTERM)
    while read(fd, 1.0):
        pass
    os.waitpid(pid, 0)
    os.close(fd)


def first_frame(binary, folder):
    began = time.perf_counter()
    pid, fd = start([binary, folder])
    seen = b""
    # The program's name stands in the first line of every frame.
    while b"ckpt-tui" not in seen:
        seen += read(fd, 5.0)
    took = time.perf_counter() - began
    stop(pid, fd)
    return took


def keys(binary, file, script):
    pid, fd = start([binary, file])
    quiet(fd, 1.5)
    times = []
    for key in script:
        began = time.perf_counter()
        os.write(fd, key)
        if read(fd, 2.0):
            times.append(time.perf_counter() - began)
        quiet(fd, 0.05)
    stop(pid, fd)
    return times


def main():
    binary, folder, file = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    frames = [first_frame(binary, folder) for _ in range(7)]
    print(f"first frame in {folder}: median {1e3 * statistics.median(frames):.1f} ms, worst {1e3 * max(frames):.1f} ms")
    script = [b"j"] * 40 + [b"k"] * 20 + [b"\x04"] * 20 + [b"G", b"g", b"g"] + [b"g", b"t"] + [b"j"] * 20
    script += [b"s"] * 6 + [b"/"] + [bytes([c]) for c in b"block7weight"] + [b"\r"] + [b"n"] * 20
    times = sorted(keys(binary, file, script))
    at = lambda share: 1e3 * times[min(len(times) - 1, int(share * len(times)))]
    print(f"key to frame in {file}: median {at(0.5):.1f} ms, 99th percentile {at(0.99):.1f} ms, {len(times)} keys")


main()
