"""Addresses: from what is typed to a town and a street, online and offline."""

from rdv_insertion.territory.addresses.location import Location, Source
from rdv_insertion.territory.addresses.search import Wanted, locate, locate_several, suggest

__all__ = ["Location", "Source", "Wanted", "locate", "locate_several", "suggest"]
