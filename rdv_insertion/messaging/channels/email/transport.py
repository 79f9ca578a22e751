"""Mail by SMTP, through Django's connection."""

import smtplib

from django.core.mail import EmailMultiAlternatives

from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.transport import DeliveryError

_FIRST_PERMANENT_CODE = 500


class SmtpTransport:
    """Sends one mail, text and HTML, with the event of the rdv when there is one."""

    def send(self, message: Message) -> str:
        """Hand `message` to the SMTP server and return its Message-ID. Raises DeliveryError."""
        mail = build_mail(message)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            permanent = all(code >= _FIRST_PERMANENT_CODE for code in codes)
            raise DeliveryError("Cette adresse mail est refusée.", permanent=permanent) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError("Le serveur de mail ne répond pas.", permanent=False) from error
        return str(mail.extra_headers["Message-ID"])


def build_mail(message: Message) -> EmailMultiAlternatives:
    """The mail as it leaves: sender's name, text first, HTML as an alternative, event attached."""
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender,
        to=[message.recipient],
        headers={"Message-ID": f"<message-{message.pk}@rdv-insertion>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(message.html, "text/html")
    if message.calendar:
        mail.attach("rendez-vous.ics", message.calendar, "text/calendar; method=PUBLISH; charset=utf-8")
    return mail
