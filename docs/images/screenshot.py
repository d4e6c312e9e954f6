"""Draws what a terminal shows as SVG: tmux capture-pane -e -p | python screenshot.py > screen.svg

Each run of one style is placed and stretched by itself, so that columns stay aligned whatever the viewer's font.
"""

import html
import re
import sys

W, H, PAD = 8.4, 18, 12
FOREGROUND, BACKGROUND = "#d8dee9", "#16181d"
NAMED = ["#16181d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9"]
BRIGHT = ["#7f848e", "#ff7a85", "#b5e890", "#ffd68a", "#82c4ff", "#e0a0f5", "#7fdbe6", "#ffffff"]


def indexed(n):
    if n < 16:
        return (NAMED + BRIGHT)[n]
    if n >= 232:
        return "#" + f"{8 + (n - 232) * 10:02x}" * 3
    n -= 16
    return "#" + "".join(f"{55 + 40 * v if v else 0:02x}" for v in (n // 36, n // 6 % 6, n % 6))


def apply(style, codes):
    codes = [int(c or 0) for c in codes.split(";")]
    while codes:
        c = codes.pop(0)
        if c == 0:
            style.clear()
        elif c in (38, 48):
            colour = indexed(codes[1]) if codes[0] == 5 else "#%02x%02x%02x" % tuple(codes[1:4])
            del codes[: 2 if codes[0] == 5 else 4]
            style["fg" if c == 38 else "bg"] = colour
        elif c in (39, 49):
            style.pop("fg" if c == 39 else "bg", None)
        elif c in (1, 2, 4, 7):
            style[c] = True
        elif c in (22, 24, 27):
            for s in {22: (1, 2), 24: (4,), 27: (7,)}[c]:
                style.pop(s, None)
        else:
            for first, table, key in ((30, NAMED, "fg"), (40, NAMED, "bg"), (90, BRIGHT, "fg"), (100, BRIGHT, "bg")):
                if first <= c < first + 8:
                    style[key] = table[c - first]


def run(text, x, y, style):
    fg, bg = style.get("fg", FOREGROUND), style.get("bg", BACKGROUND)
    if 7 in style:
        fg, bg = bg, fg
    left, top, width = PAD + x * W, PAD + y * H, len(text) * W
    if bg != BACKGROUND:
        yield f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{H}" fill="{bg}"/>'
    if text.strip():
        look = ' font-weight="bold"' if 1 in style else ""
        look += ' opacity=".6"' if 2 in style else ""
        look += ' text-decoration="underline"' if 4 in style else ""
        yield (
            f'<text x="{left:.1f}" y="{top + 13}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs" '
            f'fill="{fg}"{look} xml:space="preserve">{html.escape(text)}</text>'
        )


def draw(lines):
    """The elements of a screen, and its columns."""
    body, columns = [], 0
    for y, line in enumerate(lines):
        x, style = 0, {}
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b"):
                apply(style, part[2:-1])
            elif part:
                body += run(part, x, y, style)
                x += len(part)
        columns = max(columns, x)
    return body, columns


def page(body, columns, rows):
    width, height = columns * W + 2 * PAD, rows * H + 2 * PAD
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" '
        f'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="14">'
    )
    return "\n".join([head, f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>', *body, "</svg>"]) + "\n"


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    body, columns = draw(lines)
    print(page(body, columns, len(lines)), end="")


if __name__ == "__main__":
    main()
