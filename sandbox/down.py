"""`python -m sandbox.down`: stop a sandbox that `sandbox.up` left running."""

import sys

from sandbox.up import down

if __name__ == "__main__":
    sys.exit(down())
