"""The program `tesseract`, called directly: image in, table of words out."""

import asyncio
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

LANGUAGE = "fra"
_LIST_SECONDS = 20.0
_MEMORY_BYTES = 2 * 1024**3  # address space; a page of 40 million pixels takes 0.5 GB


class RecognitionError(Exception):
    """The program failed, or took too long."""


@dataclass(frozen=True)
class Tesseract:
    """An installed tesseract with the data of French. `data` is the folder of its languages where it is no standard
    one. One thread a page: pages are what runs side by side.
    """

    program: str
    data: Path | None = None
    page_seconds: float = 120.0

    async def words(self, image: bytes, dots_per_inch: int) -> str:
        """What is written on the image, as tesseract's TSV. Raises RecognitionError. Cancelling ends the program."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            "stdin",
            "stdout",
            *("--dpi", str(dots_per_inch), "-l", LANGUAGE, "--psm", "3", "tsv"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(self.data),
            start_new_session=True,
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            async with asyncio.timeout(self.page_seconds):
                output, _ = await process.communicate(image)
        except TimeoutError as exc:
            raise RecognitionError(f"no answer in {self.page_seconds:g} s") from exc
        except OSError as exc:  # it ended before it had read the image
            raise RecognitionError(str(exc)) from exc
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise RecognitionError(f"exit status {process.returncode}")
        return output.decode(errors="replace")


def find_tesseract(data: Path | None = None) -> Tesseract | None:
    """The tesseract on the search path; None where there is none, or it does not know French. Blocks for 0.1 s."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    try:
        listed = subprocess.run(  # noqa: S603 - what the search path names
            [program, "--list-langs"],
            capture_output=True,
            check=True,
            text=True,
            timeout=_LIST_SECONDS,
            env=_environment(data),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Tesseract(program, data) if LANGUAGE in listed.stdout.split() else None


def _environment(data: Path | None) -> dict[str, str]:
    """Nothing of ours: what reads a stranger's page need not know our keys."""
    environment = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    return environment if data is None else {**environment, "TESSDATA_PREFIX": str(data)}
