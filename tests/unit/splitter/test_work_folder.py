import os
import subprocess
import sys
from pathlib import Path

from splitter.work_folder import book_folder, remove_leftovers


def test_what_a_killed_process_left_goes_and_what_lives_stays(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    dead = tmp_path / f"feuilleton-split-{gone.pid}-abc"
    own = tmp_path / f"feuilleton-split-{os.getpid()}-abc"
    alive = tmp_path / f"feuilleton-split-{os.getppid()}-abc"
    other = tmp_path / "something-else"
    for folder in (dead, own, alive, other):
        folder.mkdir()
        (folder / "upload.pdf").write_bytes(b"x")
    assert remove_leftovers(tmp_path) == 2
    assert sorted(tmp_path.iterdir()) == sorted([alive, other])


def test_a_books_folder_is_gone_when_it_is_read(tmp_path: Path) -> None:
    with book_folder(tmp_path) as folder:
        (folder / "upload.pdf").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []
