"""Finding an address without any network: the town in the local list, the street as it is written."""

from rdv_insertion.territory.addresses import lines, towns
from rdv_insertion.territory.addresses.location import Location, of_town

# The longest names of towns, in words.
_LONGEST_NAME = 8


def locate(text: str, *, department: str) -> Location | None:
    """The town of an address, by postcode and name, postcode, or name alone inside the department.

    The street is what was typed, without number; None when no town is recognised.
    """
    line = lines.split(text)
    town = towns.find(line.town, postcode=line.postcode, department=department)
    if town:
        return of_town(town, postcode=line.postcode, street=line.street)
    return None if line.postcode else _town_at_the_end(text, department=department)


def _town_at_the_end(text: str, *, department: str) -> Location | None:
    """`12 rue Émile Zola Valence`: the longest last words that are the name of a town."""
    words = text.replace(",", " ").split()
    for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
        town = towns.find(" ".join(words[-length:]), department=department)
        if town:
            return of_town(town, street=lines.split(" ".join(words[:-length]) + ",").street)
    return None


def suggest(text: str, *, department: str, limit: int) -> list[Location]:
    """The address itself when its town is known, else the towns whose name begins so."""
    found = locate(text, department=department)
    if found and found.street:
        return [found]
    near = [of_town(town) for town in towns.suggest(text, department=department, limit=limit)]
    known = [found] if found and found.city_code not in {one.city_code for one in near} else []
    return (known + near)[:limit]
