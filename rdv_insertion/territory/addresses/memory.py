"""What the national address base has answered, kept for a while and for all processes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from rdv_insertion.kernel.crypto import blind_index
from rdv_insertion.kernel.text import fold
from rdv_insertion.territory.addresses.location import Location, Source, label_of
from rdv_insertion.territory.models import GeocodedAddress

KEPT = timedelta(days=180)
# An address that the base does not know may be added to it.
NOTHING_KEPT = timedelta(days=7)
# About a hundred metres.
_DECIMALS = 3


def recall(texts: Iterable[str], *, department: str, now: datetime) -> dict[str, Location | None]:
    """What is remembered of these texts; None for those the base does not know. One query."""
    keys = {_key(text, department): text for text in texts}
    known = GeocodedAddress.objects.filter(
        Q(found_at__gt=now - NOTHING_KEPT) | ~Q(city_code=""), pk__in=list(keys), found_at__gt=now - KEPT
    )
    found = {one.pk: _location(one) for one in known}
    return {text: found[key] for text in texts if (key := _key(text, department)) in found}


def remember(text: str, location: Location | None, *, department: str, now: datetime) -> None:
    """Keep an answer of the base; None when it knows nothing. The house number is not kept."""
    kept = GeocodedAddress(pk=_key(text, department), found_at=now)
    if location:
        kept.city_code, kept.city, kept.postcode = location.city_code, location.city, location.postcode
        kept.street, kept.street_code = location.street, location.street_code
        kept.latitude, kept.longitude = _rounded(location.latitude), _rounded(location.longitude)
    names = [field.name for field in GeocodedAddress._meta.fields if not field.primary_key]
    GeocodedAddress.objects.bulk_create(
        [kept], update_conflicts=True, unique_fields=["key"], update_fields=names
    )


def forget_old(*, now: datetime) -> int:
    """Delete what is no longer believed; how many."""
    old = GeocodedAddress.objects.filter(
        Q(found_at__lte=now - KEPT) | Q(found_at__lte=now - NOTHING_KEPT, city_code="")
    )
    return old.delete()[0]


def as_kept(location: Location) -> Location:
    """The same answer the first time, when it is fresh, as the next times, when it is remembered."""
    label = label_of(street=location.street, postcode=location.postcode, city=location.city)
    return replace(
        location,
        label=label,
        latitude=_rounded(location.latitude),
        longitude=_rounded(location.longitude),
    )


def _location(kept: GeocodedAddress) -> Location | None:
    if not kept.city_code:
        return None
    return Location(
        label=label_of(street=kept.street, postcode=kept.postcode, city=kept.city),
        city_code=kept.city_code,
        city=kept.city,
        postcode=kept.postcode,
        street=kept.street,
        street_code=kept.street_code,
        latitude=kept.latitude,
        longitude=kept.longitude,
        source=Source.NATIONAL_BASE,
    )


def _rounded(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, _DECIMALS)


def _key(text: str, department: str) -> str:
    return blind_index(f"address:{department}:{fold(text)}")
