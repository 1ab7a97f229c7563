"""``python -m experiments.app``: the command line where no script was installed."""

import sys

from experiments.app.cli import main

sys.exit(main())
