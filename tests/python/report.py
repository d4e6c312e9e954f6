"""Reads reports with parsers of their own: html.parser for the page, an XML parser for each picture.

    report.py PROGRAM WORK

Pages of the demo and of a folder with hostile names: every tag is closed in order, every SVG is well-formed XML, nothing
refers to anything outside, and no text of a checkpoint became a tag.
"""

import csv
import json
import struct
import subprocess
import sys
import xml.etree.ElementTree
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta"}
PICTURE = {"svg", "title", "path", "circle", "text"}
TAGS = PICTURE | {
    "html", "head", "meta", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3", "h4", "p", "div",
    "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "ul", "li", "span",
    "pre", "code", "strong",
}
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "scope", "role", "viewbox", "width", "height", "aria-label",
    "aria-hidden", "d", "x", "y", "cx", "cy", "r", "text-anchor",
}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.pictures, self.headings, self.words = [], 0, [], []

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"<{tag}> at {self.getpos()}"
        for name, value in attributes:
            assert name in ATTRIBUTES, f"{name} in <{tag}> at {self.getpos()}"
            assert name in ("aria-label", "content") or "://" not in (value or ""), value
        self.pictures += tag == "svg"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> at {self.getpos()}, open: {self.open}"
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data))


def check(html):
    page = Page()
    page.feed(html)
    page.close()
    assert not page.open, page.open
    assert page.headings and page.headings[0][0] == "h1", "headings"
    pictures = html.split("<svg")[1:]
    assert len(pictures) == page.pictures
    for picture in pictures:
        text = "<svg" + picture.split("</svg>")[0] + "</svg>"
        root = xml.etree.ElementTree.fromstring(text)
        assert root.get("aria-label") or root.get("aria-hidden") == "true", "a picture says what it is"
        for element in root.iter():
            for name in ("d", "x", "y", "cx", "cy", "viewBox", "width", "height"):
                value = (element.get(name) or "").lower()
                assert "nan" not in value and "inf" not in value, value
    return page


def hostile(folder):
    folder = folder / "<img src=x onerror=alert(1)>"
    folder.mkdir(parents=True, exist_ok=True)
    names = ["</td></table><script>alert(1)</script>", "\"'>", "a\u202eb\x1b[2J\n", "]]>", "<!--", "&amp;", "x" * (1 << 20)]
    for at, kept in enumerate((names, names[:3], names[2:])):
        header = {name: {"dtype": "F32", "shape": [], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(kept)}
        header["__metadata__"] = {"<!--": "--><script>", "epoch": str(at)}
        text = json.dumps(header).encode()
        (folder / f"e{at}'\"<b>.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\x7f" * 4 * len(kept))
    with open(folder / "log.csv", "w", newline="") as file:
        csv.writer(file).writerows([["epoch", "<b>loss", "val_loss"], [1, 0.5, "nan"], [2, "inf", 0.3], [3, 1e-30, 1e30]])
    return folder


def main():
    program, work = sys.argv[1], Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    evil = hostile(work)
    files = sorted(str(path) for path in evil.glob("*.safetensors"))
    fixtures = Path("tests/fixtures/mismatch")
    pairs = sorted(str(path) for path in fixtures.glob("*_a.pt"))
    cases = [["assets/demo"], [str(work)], [str(evil)], *([file] for file in files), files[:2], files[1:]]
    cases += [[str(path)] for path in sorted(Path("assets/demo").iterdir()) if path.is_dir()]
    cases += [[a, a.replace("_a.pt", "_b.pt")] for a in pairs]
    pictures = 0
    for case in cases:
        done = subprocess.run([program, "report", "--no-cache", "-o", "-", *case], capture_output=True, text=True)
        assert done.returncode == 0, (case, done.stderr)
        pictures += check(done.stdout).pictures
        assert not set(done.stdout) & set("\u202e\x1b\0")
    print(f"{len(cases)} pages with {pictures} pictures are well-formed and refer to nothing")


main()
