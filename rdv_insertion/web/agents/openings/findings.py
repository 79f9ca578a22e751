"""What an agent reads before a change of plages or absences: overlaps, rdvs, in words and numbers."""

from dataclasses import dataclass

from rdv_insertion.agenda.models import Rdv
from rdv_insertion.agenda.opening_checks import Findings
from rdv_insertion.agents.models import Agent
from rdv_insertion.agents.perms import organisations_of
from rdv_insertion.kernel import dates

_SHOWN = 20


@dataclass(frozen=True)
class OverlapLine:
    """Another plage at the same time. `plage_id` is None when it is in an organisation of others."""

    text: str
    plage_id: int | None


@dataclass(frozen=True)
class RdvLine:
    """A rdv already taken. `rdv_id` is None when this agent may not see it."""

    moment: str
    who: str
    rdv_id: int | None


@dataclass(frozen=True)
class Report:
    """Findings as this agent may read them."""

    overlaps: list[OverlapLine]
    long_motifs: list[str]
    rdvs: list[RdvLine]
    rdv_count: int
    fingerprint: str

    @property
    def more(self) -> int:
        """How many rdvs are counted but not listed."""
        return self.rdv_count - len(self.rdvs)


def report(findings: Findings, viewer: Agent) -> Report:
    """What `viewer` may read: nothing of the organisations that are not theirs but the time it takes."""
    own = set(organisations_of(viewer).values_list("pk", flat=True))
    return Report(
        overlaps=[
            OverlapLine(f"« {one.plage.title} », le {dates.long_date(one.day)}", one.plage.pk)
            if one.plage.organisation_id in own
            else OverlapLine(f"une plage d'une autre organisation, le {dates.long_date(one.day)}", None)
            for one in findings.overlaps
        ],
        long_motifs=[motif.name for motif in findings.long_motifs],
        rdvs=[_rdv_line(rdv, own) for rdv in findings.rdvs[:_SHOWN]],
        rdv_count=len(findings.rdvs),
        fingerprint=findings.fingerprint,
    )


def _rdv_line(rdv: Rdv, own: set[int]) -> RdvLine:
    moment = dates.long_moment(rdv.starts_at, rdv.time_zone)
    if rdv.organisation_id not in own:
        return RdvLine(moment, "dans une autre organisation", None)
    people = [participation.usager for participation in rdv.participations.all()]
    if len(people) != 1:
        return RdvLine(moment, rdv.name or rdv.motif.name, rdv.pk)
    return RdvLine(moment, str(people[0]), rdv.pk)
