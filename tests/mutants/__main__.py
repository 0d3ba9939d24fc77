"""`make mutants`: change one line at a time in a copy of the tree, and see that its test fails there."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
_SECONDS = 600.0


def main() -> int:
    """Exit status 1 when a mutant lives or its lines are not found; a line for each on stdout."""
    wanted = " ".join(sys.argv[1:])
    mutants = tomllib.loads((REPO / "tests/mutants/mutants.toml").read_text("utf-8"))["mutant"]
    alive = 0
    for mutant in mutants:
        if wanted in mutant["invariant"]:
            verdict = _verdict(mutant)
            alive += verdict != "killed"
            sys.stdout.write(f"{verdict:10} {mutant['invariant']} ({mutant['file']})\n")
            sys.stdout.flush()
    return 1 if alive else 0


def _verdict(mutant: dict[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="feuilleton-mutant-") as name:
        tree = Path(name)
        _copy_tree(tree)
        file = tree / mutant["file"]
        text = file.read_text("utf-8")
        if text.count(mutant["before"].strip("\n")) < 1:
            return "NOT FOUND"
        file.write_text(text.replace(mutant["before"].strip("\n"), mutant["after"].strip("\n")), "utf-8")
        return "killed" if _run(tree, mutant["test"]) else "ALIVE"


def _copy_tree(tree: Path) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPO, capture_output=True, check=True, text=True).stdout
    for path in filter(None, listed.split("\0")):
        source, target = REPO / path, tree / path
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _run(tree: Path, test: str) -> bool:
    """Whether the test fails in the copy. Its sources come before the installed ones."""
    sources = [str(path) for path in (*tree.glob("*/src"), *tree.glob("*/*/src"))]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(sources),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(tree / ".hypothesis"),
    }
    options = ["-x", "-m", "not servers and not slow", "--hypothesis-profile=mutants"]
    command = [sys.executable, "-m", "pytest", *options, test]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the tests did not run: {done.stdout.decode()[-2000:]}")
    return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
