"""`python -m demo` starts the demonstration, `python -m demo reset` erases its data."""

import sys

from demo.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
