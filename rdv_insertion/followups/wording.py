"""Writing the words of an organisation for a category: a new version each time, the past stays known."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from rdv_insertion.agents.models import Agent
from rdv_insertion.followups.models import MotifCategory, Wording
from rdv_insertion.followups.words import OWN_WORDS
from rdv_insertion.kernel.text import squish
from rdv_insertion.kernel.versions import SavedMeanwhile
from rdv_insertion.territory.models import Organisation


def versions_of(organisation: Organisation, category: MotifCategory) -> QuerySet[Wording]:
    """Every version of the words of `organisation` for `category`, the last one first."""
    known = Wording.objects.filter(organisation=organisation, motif_category=category)
    return known.select_related("created_by").order_by("-version")


def current_wording(organisation: Organisation, category: MotifCategory) -> Wording:
    """What the organisation says now; before any version, an empty one, numbered 0 and not saved."""
    return versions_of(organisation, category).first() or Wording(
        organisation=organisation, motif_category=category, version=0
    )


def own_words(category: MotifCategory, words: Mapping[str, str]) -> dict[str, str]:
    """`words` by field, squeezed; what repeats the national text is empty, so that it follows it for ever."""
    typed = {field: squish(words.get(field, "")) for field in OWN_WORDS}
    return {field: "" if text == getattr(category, field) else text for field, text in typed.items()}


def save_wording(
    *,
    organisation: Organisation,
    motif_category: MotifCategory,
    words: Mapping[str, str],
    seen_version: int,
    agent: Agent,
    now: datetime,
) -> Wording:
    """Make `words` (by field of OWN_WORDS; empty, national) what the organisation says from `now` on.

    `seen_version` is the version that `agent` was shown: raises SavedMeanwhile when it is no longer the last.
    Words that change nothing write nothing. Raises ValidationError (French, by field).
    """
    current = current_wording(organisation, motif_category)
    if current.version != seen_version:
        raise SavedMeanwhile(current)
    own = own_words(motif_category, words)
    if all(getattr(current, field) == text for field, text in own.items()):
        return current
    fresh = Wording(
        organisation=organisation,
        motif_category=motif_category,
        version=seen_version + 1,
        created_at=now,
        created_by=agent,
        **own,
    )
    fresh.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            fresh.save(force_insert=True)
    except IntegrityError as error:  # the same version, written at the same instant
        raise SavedMeanwhile(current_wording(organisation, motif_category)) from error
    return fresh
