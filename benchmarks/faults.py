"""`python -m benchmarks.faults [how many]`: break everything while messages leave, and print the accounts.

Ends with 1 when one message is lost, or taken twice where the provider lets us ask (message_faults.py).
"""

import os
import sys

import django


def main() -> int:
    """Run the scenarios on a database of their own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    django.setup()
    from benchmarks.message_faults import main as run  # noqa: PLC0415 - models are not there before

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
