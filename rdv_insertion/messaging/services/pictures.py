"""Pictures that nobody shows: chosen on a page, and never saved."""

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q

from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.models import Message, MessagesConfiguration, Picture


def forget_unused_pictures() -> int:
    """Delete the pictures that no version of a presentation and no letter shows. Returns how many.

    A page that is still open may hold one of them: when it is saved, it asks for the picture again.
    """
    with transaction.atomic():
        unused = Picture.objects.exclude(pk__in=_presented()).select_for_update(skip_locked=True)
        candidates = set(unused.values_list("pk", flat=True))
        # Read again once they are locked: one of them may have been saved meanwhile.
        forgotten = candidates - _presented() - _on_letters(candidates)
        Picture.objects.filter(pk__in=forgotten).delete()
    return len(forgotten)


def _presented() -> set[str]:
    """The digests that any version shows, the last or not."""
    shown: set[str] = set()
    for signature, logos in MessagesConfiguration.objects.values_list("signature_picture", "logos"):
        shown |= {signature or "", *(logo["digest"] for logo in logos)}
    return shown


def _on_letters(digests: Collection[str]) -> set[str]:
    """Those of `digests` that a letter shows, whatever became of the version that it was written with."""
    if not digests:
        return set()
    named = (
        Q(letter__signature_digest=one) | Q(letter__logos__contains=[{"digest": one}]) for one in digests
    )
    letters = Message.objects.filter(reduce(or_, named), channel=Channel.LETTER)
    shown: set[str] = set()
    for kept in letters.order_by().values_list("letter", flat=True).iterator():
        letter = kept or {}
        shown |= {letter.get("signature_digest", ""), *(logo["digest"] for logo in letter.get("logos", []))}
    return shown
