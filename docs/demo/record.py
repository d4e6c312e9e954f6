"""Records the demo: python3 docs/demo/record.py [BIN [FOLDER]]

Runs the real program on copies of assets/demo (and of two files that do not fit each other) in a pseudo-terminal, presses keys, waits
for what the screen must say, and writes FOLDER/demo.cast (asciicast v2, for `asciinema play`) and FOLDER/demo.svg (an animation for the
README). Both are the same, byte for byte, whenever they are recorded: of each step the settled screen is kept, drawn anew from nothing, and
its time in the recording is the one written below. Needs nothing but Python.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs/images"))
import screenshot  # noqa: E402

COLUMNS, ROWS = 110, 30
DEADLINE = 20.0  # seconds until a screen must say what it is to say
MTIME = 1_767_225_600  # 1 January 2026: times of writing are shown
REDRAW = b"\x0c"
FRAME = re.compile(rb"\x1b\[\?2026h(.*?)\x1b\[\?2026l", re.S)
KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t"}


class Until(str):
    """Among keys: what the screen must say before the next of them."""


# Command lines, and what is done in them: seconds the step is seen, keys, what the screen must say then, what is said below.
SCENES = [
    (
        "ckpt-tui assets/demo",
        [
            (3.5, [], "51 checkpoints in 5 runs", "Every run and every epoch, with its loss curve."),
            (2.5, [*"/overfit", "Enter"], "24 of 51", "/ filters: here, one run is left."),
            (4.5, ["b"], "lowest 0.6058 at epoch 10", "b goes to the best epoch: 10 of 24. After it, the run overfits."),
            (3.0, ["f"], "overfits from epoch 10", "f gives the curve the whole screen."),
            (3.5, ["f", "Enter"], "body", "Enter opens the checkpoint: layers, shapes, what it holds."),
            (4.5, ["g", "o"], "model.load_state_dict", "g o: the Python lines that load exactly this file. y copies them, over ssh, too."),
            (4.0, ["Esc", "Esc", *"/too-high", "Enter", "G"], "NaN from epoch 7", "Another run. Its loss is NaN from epoch 7 on."),
            (5.0, ["T"], "first NaN: 0.weight", "T: every layer over all checkpoints. Where the NaN began, and the last file without one."),
            (4.5, ["Enter", Until("0.weight"), "g", "g", "i"], "1,016 NaN", "Enter opens that file; i: statistics of every tensor of it."),
        ],
    ),
    (
        "ckpt-tui mine.pt theirs.pt",
        [
            (4.0, [Until("2 missing"), "]"], "the model has it", "Two files: what is missing, unexpected, or of another shape."),
            (6.0, ["R"], "query, key and value are apart", "R says why, and gives the lines that repair it. y copies them."),
        ],
    ),
]


class Screen:
    """The cells of a frame drawn from nothing: places, styles and characters are all that is in one."""

    def __init__(self, frame):
        self.cells = [[(" ", "")] * COLUMNS for _ in range(ROWS)]
        x, y, style = 0, 0, ""
        for escape, arguments, kind, text in re.findall(r"(\x1b\[([?\d;]*)([a-zA-Z]))|([^\x1b]+)", frame.decode()):
            if kind == "H":
                y, x = (int(n or 1) - 1 for n in (arguments.split(";") + ["", ""])[:2])
            elif kind == "m":
                style = "" if arguments in ("", "0") else style + escape
            elif not kind:
                for character in text:
                    self.cells[y][x] = (character, style)
                    x += 1

    def text(self):
        return "\n".join("".join(character for character, _ in row) for row in self.cells)

    def lines(self):
        """Each row with its styles, as tmux would capture it."""
        for row in self.cells:
            line, before = "", ""
            for character, style in row:
                if style != before:
                    line, before = line + "\x1b[0m" + style, style
                line += character
            yield line + "\x1b[0m"


class Program:
    def __init__(self, binary, arguments, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            kept = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(home)}
            os.execve(binary, [str(binary), *arguments], kept)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        seen, until = b"", time.monotonic() + DEADLINE
        # Keys that come before the program has the terminal are lost.
        while not FRAME.search(seen):
            seen += self.read(0.1)
            if time.monotonic() > until:
                raise SystemExit("the program does not start")

    def read(self, wait):
        ready, _, _ = select.select([self.fd], [], [], wait)
        return os.read(self.fd, 1 << 20) if ready else b""

    def press(self, key):
        if isinstance(key, Until):
            self.settled(key)
            return
        os.write(self.fd, KEYS.get(key, key).encode())
        if key == "Esc":  # with what follows at once it would be another key: its frame is awaited
            until = time.monotonic() + DEADLINE
            while not self.read(0.1) and time.monotonic() < until:
                pass
        if key in ("Esc", "Enter"):  # what it opens or leaves must be there before the next key
            self.settled("")

    def frame(self):
        """A whole frame, drawn because it was asked for."""
        while self.read(0.0):
            pass
        os.write(self.fd, REDRAW)
        seen, until = b"", time.monotonic() + DEADLINE
        while time.monotonic() < until:
            seen += self.read(0.1)
            # Clearing the screen comes before the frame that fills it.
            if b"\x1b[2J" in seen and (found := FRAME.search(seen, seen.index(b"\x1b[2J"))):
                return found.group(1)
        raise SystemExit("the program draws nothing")

    def rests(self):
        """Whether none of its threads computes or reads, where the system tells."""
        try:
            tasks = [stat.read_text() for stat in Path(f"/proc/{self.pid}/task").glob("*/stat")]
        except OSError:  # one that has just ended
            return False
        return all(task.rpartition(")")[2].split()[0] == "S" for task in tasks)

    def settled(self, wanted):
        """The screen, once it says what it must, three looks see the same and nothing is at work that could change it."""
        looks, until = [], time.monotonic() + DEADLINE
        while time.monotonic() < until:
            looks.append(self.frame())
            same = len(looks) >= 3 and looks[-1] == looks[-2] == looks[-3]
            if same and wanted in Screen(looks[-1]).text() and self.rests():
                return looks[-1]
            self.read(0.05)
        raise SystemExit(f"the screen never said {wanted!r}:\n{Screen(looks[-1]).text()}")

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        try:
            while self.read(1.0):
                pass
        except OSError:  # how Linux says that the program has ended
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def prepare(home):
    """Copies with known times, under the names that are shown."""
    shutil.copytree(ROOT / "assets/demo", home / "assets/demo")
    for name, side in (("mine.pt", "a"), ("theirs.pt", "b")):
        shutil.copy(ROOT / f"tests/fixtures/mismatch/split_qkv_{side}.pt", home / name)
    for path in sorted(home.rglob("*")):
        os.utime(path, (MTIME, MTIME))


def record(binary):
    """Steps of the recording: seconds, frame, command line and what is said."""
    steps = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        prepare(home)
        for command, acts in SCENES:
            program = Program(binary, command.split()[1:], home)
            for seconds, keys, wanted, said in acts:
                for key in keys:
                    program.press(key)
                steps.append((seconds, program.settled(wanted), command, said))
            program.end()
    return steps


def cast(steps):
    """asciicast v2; two lines below the program's say what is done."""
    header = {"version": 2, "width": COLUMNS, "height": ROWS + 2, "title": "ckpt-tui", "env": {"TERM": "xterm-256color"}}
    lines, now, before = [json.dumps(header)], 0.0, None
    write = lambda at, text: lines.append(json.dumps([round(at, 3), "o", text], ensure_ascii=False))
    for seconds, frame, command, said in steps:
        if command != before:
            write(now, f"\x1b[0m\x1b[2J\x1b[H\x1b[?25l$ {command}")
            now, before = now + 1.2, command
        below = f"\x1b[0m\x1b[{ROWS + 2};1H\x1b[1m {said}\x1b[0m"
        write(now, f"\x1b[?2026h\x1b[0m\x1b[2J{frame.decode()}{below}\x1b[?25l\x1b[?2026l")
        now += seconds
    write(now, "\x1b[0m\x1b[2J\x1b[H\x1b[?25h")
    return "\n".join(lines) + "\n"


def svg(steps):
    """All steps in one picture, each visible in its time."""
    total, now, rules, groups = sum(seconds for seconds, *_ in steps), 0.0, [], []
    for number, (seconds, frame, command, said) in enumerate(steps):
        begin, end = 100 * now / total, 100 * (now + seconds) / total
        shown = f"0%{{opacity:0}}{begin:.3f}%{{opacity:1}}" if number else "0%{opacity:1}"
        hidden = f"{end:.3f}%{{opacity:0}}" if end < 99.999 else ""
        rules.append(f"@keyframes k{number}{{{shown}{hidden}}}#s{number}{{animation-name:k{number}}}")
        body, _ = screenshot.draw([f"\x1b[2m$ {command}", *Screen(frame).lines(), "", f"\x1b[1m {said}"])
        groups.append(f'<g id="s{number}">' + "\n".join(body) + "</g>")
        now += seconds
    # A viewer that does not animate shows the first step.
    style = f"g{{opacity:0;animation:{total:g}s step-end infinite}}#s0{{opacity:1}}" + "".join(rules)
    return screenshot.page([f"<style>{style}</style>", *groups], COLUMNS, ROWS + 3)


def main():
    binary = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/ckpt-tui").resolve()
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs/demo")
    folder.mkdir(parents=True, exist_ok=True)
    steps = record(binary)
    for name, text in (("demo.cast", cast(steps)), ("demo.svg", svg(steps))):
        (folder / name).write_text(text)
        print(f"{folder / name}: {len(text.encode()):,} bytes")


main()
