"""All the providers as one process, until it is asked to stop (SIGTERM or Ctrl-C)."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from demo.providers.addresses import AddressBase
from demo.providers.sms import SmsProvider
from demo.providers.smtp import SmtpProvider


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return 0 once asked to stop, 1 when a port is taken."""
    options = _options(arguments)
    stop = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: stop.set())
    try:
        addresses = AddressBase(port=options.address_port)
        smtp, sms = (
            SmtpProvider(options.outbox, port=options.smtp_port),
            SmsProvider(options.outbox, port=options.sms_port),
        )
    except OSError as error:
        sys.stderr.write(
            f"providers: cannot listen on port {options.smtp_port}, {options.sms_port} "
            f"or {options.address_port} ({error.strerror})\n"
        )
        return 1
    with smtp, sms, addresses:
        sys.stdout.write(f"providers: ready (mail on port {smtp.port}, SMS at {sms.url})\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.providers", description=__doc__)
    parser.add_argument("--outbox", type=Path, required=True, help="folder that keeps what is received")
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--sms-port", type=int, default=8026)
    parser.add_argument("--address-port", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
