"""`python -m tests.faults.failpoints MODULE ARGUMENTS` runs a service as `python -m` does, with a trap in its way."""

import os
import runpy
import sys
from pathlib import Path

from tests.faults.failpoints.ports import wrap_all
from tests.faults.failpoints.trap import FOLDER_VARIABLE, Trap

if __name__ == "__main__":
    wrap_all(Trap(Path(os.environ[FOLDER_VARIABLE])))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
