"""The records of the agenda: what may be booked, where, when, with whom, and what was."""

from rdv_insertion.agenda.models.lieux import Lieu
from rdv_insertion.agenda.models.motifs import Motif
from rdv_insertion.agenda.models.openings import Absence, PlageOuverture
from rdv_insertion.agenda.models.participations import Participation
from rdv_insertion.agenda.models.rdvs import FormerRdvAgent, Rdv, RdvAgent
from rdv_insertion.agenda.models.sectors import Sector, SectorAttribution, Zone
from rdv_insertion.agenda.models.waiting_list import EarlierSlotOffer, WaitingListEntry

__all__ = [
    "Absence",
    "EarlierSlotOffer",
    "FormerRdvAgent",
    "Lieu",
    "Motif",
    "Participation",
    "PlageOuverture",
    "Rdv",
    "RdvAgent",
    "Sector",
    "SectorAttribution",
    "WaitingListEntry",
    "Zone",
]
