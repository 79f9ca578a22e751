"""The words of categories as organisations say them (`Wording` over `MotifCategory`)."""

from collections.abc import Collection

from rdv_insertion.followups.models import MotifCategory, Wording
from rdv_insertion.messaging.texts.words import Words

# What an organisation may say otherwise: the attribute of `Words` by the field of both models.
OWN_WORDS = {
    "rdv_title": "title",
    "rdv_title_by_phone": "title_by_phone",
    "rdv_purpose": "purpose",
    "user_designation": "designation",
    "custom_sentence": "custom_sentence",
}


def words_for(organisation_id: int, category: MotifCategory) -> Words:
    """What this organisation says for this category now. One query."""
    return words_by_pair([(organisation_id, category)])[organisation_id, category.pk]


def words_by_pair(pairs: Collection[tuple[int, MotifCategory]]) -> dict[tuple[int, int], Words]:
    """The words of each (organisation id, category), by ids. One query, whatever the number of pairs."""
    known = {
        (wording.organisation_id, wording.motif_category_id): wording
        for wording in Wording.objects.filter(
            organisation__in={organisation_id for organisation_id, _ in pairs},
            motif_category__in={category.pk for _, category in pairs},
        ).order_by("version")
    }
    return {
        (organisation_id, category.pk): words_of(category, known.get((organisation_id, category.pk)))
        for organisation_id, category in pairs
    }


def words_of(category: MotifCategory, wording: Wording | None) -> Words:
    """The words of `wording` where it has some, else those of `category`."""
    own = {field: getattr(wording, field) for field in OWN_WORDS if wording and getattr(wording, field)}
    said = {name: own.get(field) or getattr(category, field) for field, name in OWN_WORDS.items()}
    return Words(
        model=category.template_model,
        subject=category.rdv_subject,
        mandatory=category.is_mandatory,
        punishable_warning=category.punishable_warning,
        what_to_bring=category.what_to_bring,
        own=frozenset(OWN_WORDS[field] for field in own),
        **said,
    )
