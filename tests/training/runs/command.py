"""`command.py MODE WORD ...`: the command line as it is, but for the worker, which is that of these tests."""

import sys
from pathlib import Path

from tutor.cli import main
from tutor.training import starting

WORKER = [sys.executable, str(Path(__file__).with_name("worker.py")), sys.argv[1]]
launch = starting.launch
starting.launch = lambda path, lock, command=None: launch(path, lock, WORKER)
sys.argv[0] = "tutor"
sys.exit(main(sys.argv[2:]))
