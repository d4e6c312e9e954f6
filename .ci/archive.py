"""Packs a release: python3 .ci/archive.py BIN TARGET FOLDER

Writes FOLDER/ckpt-tui-VERSION-TARGET.tar.gz (.zip for Windows) and its SHA-256 beside it. In the archive, below a folder of the same
name: the program, README, changelog, licences, the manual page and completions for five shells. `cargo binstall` finds the
program in it by [package.metadata.binstall] in Cargo.toml.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHELLS = {"bash": "ckpt-tui.bash", "zsh": "_ckpt-tui", "fish": "ckpt-tui.fish", "powershell": "ckpt-tui.ps1", "elvish": "ckpt-tui.elv"}


def main():
    binary, target, out = Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3])
    root = Path(__file__).resolve().parent.parent
    run = lambda *arguments: subprocess.run([binary, *arguments], check=True, stdout=subprocess.PIPE).stdout
    version = run("--version").decode().split()[1]
    name = f"ckpt-tui-{version}-{target}"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / name
        (folder / "completions").mkdir(parents=True)
        shutil.copy(binary, folder)
        for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]:
            shutil.copy(root / file, folder)
        (folder / "ckpt-tui.1").write_bytes(run("man"))
        for shell, file in SHELLS.items():
            (folder / "completions" / file).write_bytes(run("completions", shell))
        out.mkdir(parents=True, exist_ok=True)
        made = Path(shutil.make_archive(str(out / name), "zip" if "windows" in target else "gztar", work, name))
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    # As sha256sum writes it, so that sha256sum -c reads it.
    made.with_name(made.name + ".sha256").write_bytes(f"{digest}  {made.name}\n".encode())
    print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")


main()
