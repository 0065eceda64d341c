"""``python -m tfmxbench``."""

import sys

from tfmxbench.commands.cli import main

sys.exit(main())
