"""All the providers as one process, until it is asked to stop (SIGTERM or Ctrl-C)."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from demo.providers.addresses import AddressBase
from demo.providers.brevo_mail import BrevoMailProvider
from demo.providers.ovh import OvhProvider
from demo.providers.receipts import Receipts
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
        smtp = SmtpProvider(options.outbox, port=options.smtp_port)
        sms = SmsProvider(options.outbox, port=options.sms_port)
        mail = BrevoMailProvider(options.outbox, port=options.email_port)
        ovh = OvhProvider(options.outbox, port=options.ovh_port)
    except OSError as error:
        sys.stderr.write(
            f"providers: cannot listen on port {options.smtp_port}, {options.sms_port}, "
            f"{options.address_port}, {options.email_port} or {options.ovh_port} ({error.strerror})\n"
        )
        return 1
    callback = options.mail_callback
    receipts = Receipts(options.outbox, mail_callback=callback) if callback else nullcontext()
    with smtp, sms, mail, ovh, addresses, receipts:
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
    parser.add_argument("--email-port", type=int, default=0, help="Brevo's mail API")
    parser.add_argument("--ovh-port", type=int, default=0, help="OVH's SMS API")
    parser.add_argument("--mail-callback", default="", help="tell what became of messages; mails, there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
