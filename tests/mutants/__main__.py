"""`make mutants`: change one line at a time in a copy of the tree, and see that its test fails there."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from feuilleton_local.servers.running import running_servers

REPO = Path(__file__).resolve().parents[2]
_SECONDS = 600.0
_Mutant = dict[str, str]


def main() -> int:
    """Exit status 1 when a mutant lives or its lines are not found; a line for each on stdout."""
    wanted = " ".join(sys.argv[1:])
    listed: list[_Mutant] = tomllib.loads((REPO / "tests/mutants/mutants.toml").read_text("utf-8"))["mutant"]
    mutants = [mutant for mutant in listed if wanted in mutant["invariant"]]
    alive = 0
    with _servers_for(mutants):
        for mutant in mutants:
            verdict = _verdict(mutant)
            alive += verdict != "killed"
            sys.stdout.write(f"{verdict:10} {mutant['invariant']} ({mutant['file']})\n")
            sys.stdout.flush()
    return 1 if alive else 0


@contextmanager
def _servers_for(mutants: Sequence[_Mutant]) -> Iterator[None]:
    """One broker and one database for all tests that need them."""
    if not any("servers" in mutant for mutant in mutants):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="feuilleton-mutants-") as folder:
        given = (os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("DATABASE_URL"))
        with running_servers(Path(folder), kafka_bootstrap_servers=given[0], database_url=given[1]) as endpoints:
            os.environ["KAFKA_BOOTSTRAP_SERVERS"] = endpoints.kafka_bootstrap_servers
            os.environ["DATABASE_URL"] = endpoints.database_url
            yield


def _verdict(mutant: _Mutant) -> str:
    with tempfile.TemporaryDirectory(prefix="feuilleton-mutant-") as name:
        tree = Path(name)
        _copy_tree(tree)
        file = tree / mutant["file"]
        text = file.read_text("utf-8")
        if text.count(mutant["before"].strip("\n")) < 1:
            return "NOT FOUND"
        file.write_text(text.replace(mutant["before"].strip("\n"), mutant["after"].strip("\n")), "utf-8")
        tiers = "not slow" if "servers" in mutant else "not servers and not slow"
        return "killed" if _run(tree, mutant["test"], tiers) else "ALIVE"


def _copy_tree(tree: Path) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPO, capture_output=True, check=True, text=True).stdout
    for path in filter(None, listed.split("\0")):
        source, target = REPO / path, tree / path
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _run(tree: Path, test: str, tiers: str) -> bool:
    """Whether the test fails in the copy. Its sources come before the installed ones."""
    sources = [str(path) for path in (*tree.glob("*/src"), *tree.glob("*/*/src"))]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(sources),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(tree / ".hypothesis"),
    }
    options = ["-x", "-m", tiers, "--hypothesis-profile=mutants"]
    command = [sys.executable, "-m", "pytest", *options, *test.split()]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the tests did not run: {done.stdout.decode()[-2000:]}")
    return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
