"""A run of a thousand letters in one PDF: logos, signature, QR, and one in ten with its translation."""

import struct
import zlib
from datetime import datetime, timedelta

from django.utils import timezone

from benchmarks import population
from benchmarks.measure import Figure, queries, stopwatch
from rdv_insertion.messaging.channels.letter.frame import Translation, frame_for
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.identity import identity_of
from rdv_insertion.messaging.models import Message, MessagesConfiguration, Picture
from rdv_insertion.messaging.printing import letters_pdf
from rdv_insertion.territory.models import Organisation

_LETTERS = 1_000
_ONE_TRANSLATED_IN = 10
_PARAGRAPHS = [
    "Vous êtes bénéficiaire du RSA. Nous vous invitons à choisir vous-même la date de votre rendez-vous.",
    "Choisissez avant le vendredi 13 mars 2026. Cela prend deux minutes et ne demande pas de mot de passe.",
    "Ce rendez-vous est obligatoire. Sans rendez-vous, votre RSA peut être réduit ou suspendu.",
    "Vous n'avez pas internet, ou vous avez une question ? Appelez le 04 75 00 00 00.",
]
_IN_ARABIC = Translation(
    language="ar",
    subject="اختاروا موعد لقائكم",
    paragraphs=("أنتم من المستفيدين من RSA.", "اتصلوا بالرقم 04 75 00 00 00."),
)


def measure() -> list[Figure]:
    """From the rows of messages to the bytes of the PDF."""
    now = timezone.now()
    organisation = population.an_organisation()
    _identify(organisation, now)
    identity = identity_of(organisation)
    usagers = population.people(organisation, _LETTERS, now=now)
    Message.objects.bulk_create(
        Message(
            organisation=organisation,
            usager=usager,
            channel="postal",
            purpose="invitation",
            unique_key=f"letter-{number}",
            recipient=usager.address or "",
            sender=organisation.name[:100],
            subject="choisissez la date de votre rendez-vous d'orientation",
            text="\n\n".join(["Bonjour,", *_PARAGRAPHS]),
            status=MessageStatus.TO_PRINT,
            created_at=now - timedelta(minutes=1),
            letter=frame_for(
                usager,
                organisation,
                identity,
                help_phone="+33475000000",
                moment=now,
                link=f"https://rdv-insertion.example/r/{number:08d}",
                code=f"{number:08d}",
                typing_page="rdv-insertion.example/invitation",
                translation=_IN_ARABIC if number % _ONE_TRANSLATED_IN == 0 else None,
            ).to_json(),
        )
        for number, usager in enumerate(usagers)
    )
    statements = queries(lambda: letters_pdf(Message.objects.all()[:2]))
    with stopwatch() as watch:
        pdf = letters_pdf(Message.objects.order_by("pk"))
    return [
        Figure(
            f"{_LETTERS:,} letters in one PDF",
            watch.milliseconds,
            goal=5_000,
            compared=f"{len(pdf) / 1e6:.1f} MB, {statements} statements",
        )
    ]


def _identify(organisation: Organisation, now: datetime) -> None:
    for digest, width in (("a" * 64, 600), ("b" * 64, 400)):
        Picture.objects.create(digest=digest, media_type="image/png", content=_png(width, 200))
    MessagesConfiguration.objects.create(
        organisation=organisation,
        version=1,
        letter_sender_name="Conseil départemental",
        direction_names=["Direction de l'insertion"],
        signature_lines=["La directrice", "Anne VIVIER"],
        help_address="3 rue Faventines, 26000 Valence",
        logos=[{"digest": "a" * 64, "name": "Logo du Département"}],
        signature_picture_id="b" * 64,
        created_at=now,
    )


def _png(width: int, height: int) -> bytes:
    """A gradient, so that it does not weigh nothing."""
    rows = b"".join(b"\0" + bytes((x * y + x) % 256 for x in range(3 * width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
