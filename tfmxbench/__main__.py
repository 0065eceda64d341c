"""``python -m tfmxbench``."""

import sys

from tfmxbench.cli import main

sys.exit(main())
