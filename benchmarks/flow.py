"""A CNAF flow of beneficiaries, read in a process of its own whose memory is measured.

`make bench` reads 500 MB. For any other size, in megabytes: `python -m benchmarks.flow 500`.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

from benchmarks.measure import Figure, table
from rdv_insertion.imports.read import flow_rows

_MEGABYTES = 500
_MEMORY_GOAL_MB = 150
_HEADER = """<?xml version="1.0" encoding="windows-1252"?>
<Racine xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
\t<IdentificationFlux>
\t\t<APPLIEME>CRI</APPLIEME>
\t\t<NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME>
\t\t<TYPEFLUX>M</TYPEFLUX>
\t\t<NATFLUX>D</NATFLUX>
\t\t<DTCREAFLUX>2026-03-05</DTCREAFLUX>
\t\t<HEUCREAFLUX>01:18:36.0000</HEUCREAFLUX>
\t\t<DTREF>2026-02-28</DTREF>
\t</IdentificationFlux>
"""
_END = """\t<TransmissionFlux>
\t\t<NBTOTDOSRSATRANSM>{households:08}</NBTOTDOSRSATRANSM>
\t\t<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO>
\t</TransmissionFlux>
</Racine>
"""
_PERSON = """\t\t<Personne>
\t\t\t<Identification>
\t\t\t\t<QUAL>{title}</QUAL>
\t\t\t\t<NOM>LEFÈVRE {number}</NOM>
\t\t\t\t<NOMNAI>GARÇON {number}</NOMNAI>
\t\t\t\t<PRENOM>ANAÏS</PRENOM>
\t\t\t\t<NOMCOMNAI>DIE</NOMCOMNAI>
\t\t\t\t<DTNAI>{birth}</DTNAI>
\t\t\t\t<TYPEDTNAI>N</TYPEDTNAI>
\t\t\t\t<NIR>{nir}</NIR>
\t\t\t\t<TOPVALIEC>1</TOPVALIEC>
\t\t\t\t<SEXE>2</SEXE>
\t\t\t</Identification>
\t\t\t<DossierCAF>
\t\t\t\t<TOPRESPDOS>1</TOPRESPDOS>
\t\t\t\t<DDRATDOS>2015-05-15</DDRATDOS>
\t\t\t</DossierCAF>
\t\t\t<Prestations>
\t\t\t\t<NATPREST>PFA</NATPREST>
\t\t\t\t<ROLEPERS>{role}</ROLEPERS>
\t\t\t\t<TOPCHAPERS>0</TOPCHAPERS>
\t\t\t</Prestations>
\t\t\t<Prestations>
\t\t\t\t<NATPREST>RSA</NATPREST>
\t\t\t\t<ROLEPERS>{role}</ROLEPERS>
\t\t\t\t<TOPCHAPERS>1</TOPCHAPERS>
\t\t\t</Prestations>
\t\t\t<Ressources>
\t\t\t\t<GeneraliteRessourcesTrimestre>
\t\t\t\t\t<TOPRESSNUL>0</TOPRESSNUL>
\t\t\t\t\t<DDRESS>2025-11-01</DDRESS>
\t\t\t\t\t<DFRESS>2026-01-31</DFRESS>
\t\t\t\t</GeneraliteRessourcesTrimestre>
{resources}\t\t\t</Ressources>
\t\t\t<MontantCalculDroitRSAPersonne>
\t\t\t\t<TOPPERSDRODEVORSA>{subject}</TOPPERSDRODEVORSA>
\t\t\t</MontantCalculDroitRSAPersonne>
\t\t</Personne>
"""
_MONTH = """\t\t\t\t<RessourcesMensuelles>
\t\t\t\t\t<GeneraliteRessourcesMensuelles>
\t\t\t\t\t\t<MOISRESS>2025-11-01</MOISRESS>
\t\t\t\t\t\t<NBHEUMENTRA>000</NBHEUMENTRA>
\t\t\t\t\t</GeneraliteRessourcesMensuelles>
{details}\t\t\t\t</RessourcesMensuelles>
"""
_DETAIL = """\t\t\t\t\t<DetailRessourcesMensuelles>
\t\t\t\t\t\t<NATRESS>001</NATRESS>
\t\t\t\t\t\t<MTNATRESSMEN>0000675.00</MTNATRESSMEN>
\t\t\t\t\t</DetailRessourcesMensuelles>
"""
_HOUSEHOLD = """\t<InfosFoyerRSA>
\t\t<IdentificationRSA>
\t\t\t<Organisme><FONORG>CAF</FONORG><NUMORG>261</NUMORG><MATRICULE>{matricule}</MATRICULE></Organisme>
\t\t\t<Partenaire><TYPEPARTE>CG</TYPEPARTE><IDEPARTE>026</IDEPARTE></Partenaire>
\t\t\t<DemandeRSA><DTDEMRSA>2025-11-06</DTDEMRSA><NUMDEMRSA>{number:011}</NUMDEMRSA></DemandeRSA>
\t\t</IdentificationRSA>
{people}\t\t<DonneesAdministratives>
\t\t\t<SituationFamille><SITFAM>MAR</SITFAM><DDSITFAM>2010-10-27</DDSITFAM></SituationFamille>
\t\t\t<Adresse>
\t\t\t\t<TroncCommunAdresse>
\t\t\t\t\t<RGADR>01</RGADR><PAYS>FRA</PAYS><TYPEADR>D</TYPEADR><ETATADR>CO</ETATADR>
\t\t\t\t</TroncCommunAdresse>
\t\t\t\t<AdresseDetailleeFrance>
\t\t\t\t\t<COMPLIDEADR />
\t\t\t\t\t<COMPLADR />
\t\t\t\t\t<NUMVOIE>{street}</NUMVOIE>
\t\t\t\t\t<LIBTYPEVOIE>RUE</LIBTYPEVOIE>
\t\t\t\t\t<NOMVOIE>DE LA GARE</NOMVOIE>
\t\t\t\t\t<LIEUDIST />
\t\t\t\t\t<NUMCOM>26362</NUMCOM>
\t\t\t\t\t<CODEPOS>26000</CODEPOS>
\t\t\t\t\t<NOMCOM>VALENCE</NOMCOM>
\t\t\t\t</AdresseDetailleeFrance>
\t\t\t</Adresse>
\t\t</DonneesAdministratives>
\t\t<PrestationRSA>
\t\t\t<SituationDossierRSA>
\t\t\t\t<EtatDossierRSA><ETATDOSRSA>2</ETATDOSRSA></EtatDossierRSA>
\t\t\t</SituationDossierRSA>
\t\t\t<DetailDroitRSA>
\t\t\t\t<TroncCommunDroitRSA>
\t\t\t\t\t<TOPSANSDOMFIXE>0</TOPSANSDOMFIXE><ORIDEMRSA>DEM</ORIDEMRSA><DTORIDEMRSA>2025-11-07</DTORIDEMRSA>
\t\t\t\t</TroncCommunDroitRSA>
\t\t\t</DetailDroitRSA>
\t\t</PrestationRSA>
\t</InfosFoyerRSA>
"""
_RESOURCES = _MONTH.format(details=_DETAIL * 3) * 3
# Two adults and two children: what is subject to rights and duties, and what is not.
_FAMILY = (("MME", "DEM", 1), ("MR", "CJT", 1), ("MR", "ENF", 0), ("MME", "ENF", 0))


def write_flow(target: BinaryIO, size: int) -> int:
    """Write a sound flow of at least `size` bytes, always the same; returns how many people it gives."""
    written = target.write(_HEADER.encode("cp1252"))
    households = 0
    for block in _households():
        written += target.write(block)
        households += 1
        if written >= size:
            break
    target.write(_END.format(households=households).encode("cp1252"))
    return 2 * households


def _households() -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        people = "".join(
            _PERSON.format(
                title=title,
                role=role,
                subject=subject,
                number=number,
                birth=date(1960, 1, 1) + timedelta(days=(number * 7 + place) % 15_000),
                nir=f"{1_000_000_000_000 + number * 4 + place}",
                resources=_RESOURCES,
            )
            for place, (title, role, subject) in enumerate(_FAMILY)
        )
        block = _HOUSEHOLD.format(
            matricule=f"{number:07}00000000", number=number, people=people, street=number % 200 + 1
        )
        yield block.encode("cp1252")


def measure() -> list[Figure]:
    """The rate and the memory of reading a flow of 500 MB; no database."""
    return measure_size(_MEGABYTES)


def measure_size(megabytes: int) -> list[Figure]:
    """As `measure`, for a flow of this size."""
    with tempfile.NamedTemporaryFile(prefix="flow-", suffix=".xml") as file:
        expected = write_flow(file, megabytes * 1024**2)  # type: ignore[arg-type]
        file.flush()
        size = Path(file.name).stat().st_size
        command = [sys.executable, "-m", "benchmarks.flow", "read", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    people, seconds, memory = done.stdout.split()
    if int(people) != expected:
        raise AssertionError(f"{people} people instead of {expected}")
    label = f"flow of {size / 1024**2:,.0f} MB"
    return [
        Figure(
            f"{label}: read",
            float(seconds) * 1000,
            compared=f"{size / 1024**2 / float(seconds):.0f} MB/s; {int(people):,} people",
        ),
        Figure(f"{label}: peak memory", float(memory), unit="MB", goal=_MEMORY_GOAL_MB),
    ]


def _read(path: str) -> None:
    """In the child: people, seconds, and the highest memory in MB that the system counted."""
    began = time.perf_counter()
    with Path(path).open("rb") as stream:
        people = sum(1 for _ in flow_rows(stream))
    seconds = time.perf_counter() - began
    print(people, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1] == "read":
        _read(sys.argv[2])
    else:
        print(table(measure_size(int(sys.argv[1]))))
