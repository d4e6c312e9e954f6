"""Times the terminal UI from outside, through a pseudo-terminal of 140x45: python3 benches/frames.py BIN [FOLDER]

Makes its own inputs in a temporary folder (no torch needed): 10 runs of 1,000 small checkpoints, and a file of 100,000 tensors.
Prints, with the targets: the first frame after start; from a key to the end of the frame that shows what it asked for, with
100,000 tensors, with 10,000 checkpoints, and while they are still being scanned (there, until another screen is whole); bytes a key costs on the line; processor time
when nothing happens. FOLDER: the first frame there, too.
"""

import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

ROWS, COLUMNS = 45, 140
FRAME_ENDS = b"\x1b[?2026l"


def write(path, header, data):
    header = json.dumps(header).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + data)


def make_runs(folder):
    for run in range(10):
        os.makedirs(f"{folder}/run{run}")
        for epoch in range(1000):
            header = {f"layer.{i}.weight": {"dtype": "F32", "shape": [4], "data_offsets": [16 * i, 16 * i + 16]} for i in range(8)}
            header["__metadata__"] = {"epoch": str(epoch), "val_loss": f"{1 / (epoch + 1) + run / 100:.6f}"}
            write(f"{folder}/run{run}/epoch_{epoch:04d}.safetensors", header, struct.pack("<f", epoch) * 32)


def make_wide(path):
    header = {}
    for i in range(100_000):
        header[f"block.{i // 4:05d}.part{i % 4}"] = {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]}
    write(path, header, bytes(400_000))


class Program:
    """The program on its terminal."""

    def __init__(self, *arguments):
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Before the program looks, as a terminal does it.
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.environ.update(TERM="xterm-256color", XDG_CONFIG_HOME="/nonexistent", XDG_STATE_HOME="/nonexistent")
            os.execv(arguments[0], arguments)
        self.seen = b""

    def read(self, wait):
        ready, _, _ = select.select([self.fd], [], [], wait)
        try:
            data = os.read(self.fd, 1 << 20) if ready else b""
        except OSError:  # how Linux says that the program has ended
            data = b""
        self.seen += data
        return data

    def wait_for(self, text, patience=30.0):
        """Until `text` was written, and the frame it is in has ended."""
        end = time.perf_counter() + patience
        while text not in self.seen or FRAME_ENDS not in self.seen[self.seen.index(text):]:
            left = end - time.perf_counter()
            if left <= 0:
                raise SystemExit(f"no {text!r} within {patience} s; the last of what was written: {self.seen[-300:]!r}")
            self.read(left)

    def press(self, key, text=b""):
        """Seconds from a key to the end of the frame with `text` in it, and the bytes until then."""
        self.seen = b""
        began = time.perf_counter()
        os.write(self.fd, key)
        self.wait_for(text or FRAME_ENDS, 10.0)
        return time.perf_counter() - began, len(self.seen)

    def quiet(self, wait=0.05):
        while self.read(wait):
            pass

    def processor(self):
        """Processor time so far, in ticks of the kernel."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        while self.read(1.0):
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def report(name, times, target):
    """Times in seconds, a target in milliseconds."""
    times = sorted(times)
    at = lambda share: 1e3 * times[min(len(times) - 1, int(share * len(times)))]
    verdict = "ok  " if at(0.99) <= target else "MISS"
    print(f"  {verdict} {name}: median {at(0.5):.1f} ms, 99th percentile {at(0.99):.1f} ms, worst {1e3 * times[-1]:.1f} ms of {len(times)} (target ≤ {target} ms)")


def first_frames(binary, folder):
    times = []
    for _ in range(15):
        program = Program(binary, folder)
        # The program's name stands in the first line of every frame.
        program.wait_for(b"ckpt-tui")
        times.append(time.perf_counter() - program.began)
        program.stop()
    report(f"first frame in {folder}, from the start of the process", times, 50)


def while_scanning(binary, folder):
    """The table of runs put on the screen and taken off while checkpoints are found."""
    times, scans = [], 0
    while len(times) < 200 and scans < 40:
        program = Program(binary, "--no-cache", folder)
        program.wait_for(b"epoch_")
        scans += 1
        while b"10,000 checkpoints" not in program.seen and len(times) < 200:
            times.append(program.press(b"p", b"files")[0])
            if b"10,000 checkpoints" not in program.seen:
                times.append(program.press(b"p", b"Details")[0])
        program.stop()
    report(f"keys while 10,000 checkpoints are scanned ({scans} scans)", times, 16)


def with_many_checkpoints(binary, folder):
    program = Program(binary, folder)
    program.wait_for(b"10,000 checkpoints in 10 runs")
    program.quiet()
    pressed = []
    for _ in range(15):
        for key in (b"G", b"\x1b[H", b"j", b"\x1b[6~", b"k", b"\t", b"\x1b[Z"):
            pressed.append(program.press(key))
            program.quiet()
    for letter in b"/run3_99\r\x1b":
        pressed.append(program.press(bytes([letter])))
        program.quiet()
    report("keys with 10,000 checkpoints", [seconds for seconds, _ in pressed], 16)
    moves = [program.press(b"j")[1] for _ in range(30) if not program.quiet()]
    program.stop()
    print(f"       bytes on the line for a step down: median {statistics.median(moves):.0f}")


def with_many_tensors(binary, file):
    program = Program(binary, "--no-cache", file)
    program.wait_for(b"block")
    program.quiet(0.5)
    program.press(b"t")
    program.quiet()
    pressed = []
    for _ in range(15):
        for key in (b"G", b"\x1b[H", b"j", b"\x1b[6~", b"\x04", b"k"):
            pressed.append(program.press(key))
            program.quiet()
    for key in [b"s", b"s", b"s", b"s", b"/"] + [bytes([c]) for c in b"block7part3"] + [b"\r"] + [b"n"] * 20 + [b"\x1b"]:
        pressed.append(program.press(key))
        program.quiet(0.2)
    program.stop()
    report("keys with 100,000 tensors (moves, pages, sort, filter letter by letter, matches)", [s for s, _ in pressed], 16)


def idle(binary, folder):
    program = Program(binary, folder)
    program.wait_for(b"checkpoints in")
    program.quiet(1.0)
    before, began = program.processor(), time.perf_counter()
    written = b""
    while time.perf_counter() - began < 5.0:
        written += program.read(0.5)
    ticks = program.processor() - before
    program.stop()
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    verdict = "ok  " if not written and seconds <= 0.02 else "MISS"
    print(f"  {verdict} idle for 5 s beside a watched folder: {seconds:.2f} s of a processor, {len(written)} bytes written (target 0)")


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        make_runs(f"{folder}/runs")
        make_wide(f"{folder}/wide.safetensors")
        for path in [f"{folder}/runs", *sys.argv[2:]]:
            first_frames(binary, path)
        while_scanning(binary, f"{folder}/runs")
        with_many_checkpoints(binary, f"{folder}/runs")
        with_many_tensors(binary, f"{folder}/wide.safetensors")
        idle(binary, f"{folder}/runs/run0")


main()
