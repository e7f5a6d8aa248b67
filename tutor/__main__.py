"""`python -m tutor`: hands over to the commands."""

import sys

from tutor.cli import main

sys.exit(main())
