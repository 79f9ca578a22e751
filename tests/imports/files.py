"""Files such as departments give, made here: nobody real is in them."""

from base64 import b85decode
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile
from zlib import decompress

import xlsxwriter

# The header of a department's follow-up sheet: 29 columns, line breaks, ignored ones among them.
DROME_HEADER = (
    "N° CAF", "Civilité", "Nom bénéficiaire", "Prénom bénéficiaire", "Date de\nNaissance", "Adresse",
    "CP Ville", "Complément adresse", "Rôle", "RSA", "PA", "PE", "RQTH / AAH\nOui / Non", "Adresses\nMails",
    "N°\nTéléphones", "Commentaires", "DECISION ORIENTATION", "Date envoie du courrier",
    "Reçu en entretien le :", "Heure du rdv", "Lieu du rdv", "Chargé d'orientation",
    "Modalité de l'entretien", "1er RDV structure", "Délai RDV", "Date CER", "Délai CER", "Réorientations",
    "id iodas",
)  # fmt: skip
CONTACTS_HEADER = (
    "MATRICULE", "ROLE PERSONNE", "TYPE PERSONNE", "NIR", "NUMERO DEMANDE RSA", "DATE DEMANDE RSA",
    "DATE DEBUT DROITS - DEVOIRS", "NOM RESPONSABLE DOSSIER", "PRENOM RESPONSABLE DOSSIER",
    "NUMERO TELEPHONE DOSSIER", "NUMERO TELEPHONE 2 DOSSIER", "ADRESSE ELECTRONIQUE DOSSIER",
)  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def xlsx(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of these sheets, each a list of rows; dates are written as dates."""
    buffer = BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for rows in sheets:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    workbook.close()
    return buffer.getvalue()


def csv(*rows: Sequence[str], separator: str = ";", encoding: str = "utf-8", end: str = "\n") -> bytes:
    """A CSV without quotes."""
    return "".join(separator.join(row) + end for row in rows).encode(encoding)


def drome_row(**cells: Any) -> list[Any]:
    """A row under DROME_HEADER, by the title of each column without its line break."""
    titles = [title.replace("\n", " ") for title in DROME_HEADER]
    unknown = cells.keys() - set(titles)
    assert not unknown, unknown
    return [cells.get(title, "") for title in titles]


def drome() -> bytes:
    """Three people: one with a mail and a phone kept as a number, a couple without contacts."""
    woman = {
        "N° CAF": "ABCDEFG",
        "Civilité": "Madame",
        "Nom bénéficiaire": "Delaunay",
        "Prénom bénéficiaire": "Marine",
        "Adresse": "60 avenue de la Paix",
        "CP Ville": "26000 Valence",
        "Rôle": "demandeur",
        "Adresses Mails": "Marine.Delaunay@courriel.test",
        "N° Téléphones": 782605940.0,
        "DECISION ORIENTATION": "social",
        "Chargé d'orientation": "Mme T.",
    }
    couple = {
        "N° CAF": "KLMNOPQ",
        "Civilité": "Monsieur",
        "Adresse": "7 rue de la Gare",
        "CP Ville": "26150 Die",
    }
    first = {"Nom bénéficiaire": "Barthélemy-Roy", "Prénom bénéficiaire": "Marius", "Rôle": "demandeur"}
    second = {"Nom bénéficiaire": "Rouvière", "Prénom bénéficiaire": "Jean-Paul", "Rôle": "conjoint"}
    people = [drome_row(**cells) for cells in (woman, couple | first, couple | second)]
    return xlsx([DROME_HEADER, *people])


def contacts(*, separator: str = ",", encoding: str = "utf-8", end: str = "\n") -> bytes:
    """The CNAF contact file of the couple: the leading zero of the phone is lost."""
    line = (
        "KLMNOPQ", "DEMANDEUR", "MONSIEUR", "", "1013473008", "21/11/2011", "01/02/2012", "BARTHÉLEMY-ROY",
        "MARIUS", "698943200", "", "Marius.Barthelemy@courriel.test",
    )  # fmt: skip
    return csv(CONTACTS_HEADER, line, separator=separator, encoding=encoding, end=end)


def people(count: int, *, first: int = 0) -> bytes:
    """As many people as asked, each with a mail and an internal identifier of their own."""
    rows = [
        (f"Nom{number}", f"Prenom{number}", f"p{number}@courriel.test", f"ID{number}")
        for number in range(first, first + count)
    ]
    return csv(("Nom", "Prénom", "Mail", "id iodas"), *rows)


def with_sheet_xml(content: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook whose first sheet is altered as no software would."""
    buffer = BytesIO()
    with ZipFile(BytesIO(content)) as archive, ZipFile(buffer, "w", ZIP_DEFLATED) as altered:
        for part in archive.infolist():
            data = archive.read(part)
            altered.writestr(part.filename, data.replace(old, new) if "sheet1.xml" in part.filename else data)
    return buffer.getvalue()


def archive(**parts: bytes) -> bytes:
    """A ZIP of these parts."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def flow_person(
    *,
    last_name: str = "Marchand",
    first_name: str = "Élodie",
    birth_name: str = "Perrin",
    title: str = "MME",
    sex: str = "2",
    birth_date: str = "1985-04-03",
    nir: str = "2850426362045",
    role: str = "DEM",
    subject: str = "1",
    left_on: str = "",
) -> str:
    """A person of a household of a CNAF flow; what is blank and may be absent is absent."""
    identity = "".join(
        (
            _element("QUAL", title),
            f"<NOM>{last_name}</NOM><NOMNAI>{birth_name}</NOMNAI><PRENOM>{first_name}</PRENOM>",
            f"<NOMCOMNAI>CREST</NOMCOMNAI><DTNAI>{birth_date}</DTNAI>",
            _element("NIR", nir),
            f"<SEXE>{sex}</SEXE>",
        )
    )
    benefits = "".join(
        f"<Prestations><NATPREST>{nature}</NATPREST><ROLEPERS>{held}</ROLEPERS><TOPCHAPERS>0</TOPCHAPERS>"
        "</Prestations>\n"
        for nature, held in (("PFA", "AUT"), ("RSA", role))
    )
    duties = _element("MontantCalculDroitRSAPersonne", _element("TOPPERSDRODEVORSA", subject))
    return (
        f"<Personne>\n<Identification>\n{identity}</Identification>\n<DossierCAF><TOPRESPDOS>1</TOPRESPDOS>"
        f"<DDRATDOS>2020-01-01</DDRATDOS>{_element('DFRATDOS', left_on)}</DossierCAF>\n{benefits}{duties}"
        "</Personne>\n"
    )


FRENCH_ADDRESS = (
    "<AdresseDetailleeFrance><COMPLIDEADR>CHEZ MME ROY</COMPLIDEADR><COMPLADR>BÂT B</COMPLADR>"
    "<NUMVOIE>12 B</NUMVOIE><LIBTYPEVOIE>RUE</LIBTYPEVOIE><NOMVOIE>DE LA FORÊT</NOMVOIE>"
    "<LIEUDIST>LES BLACHES</LIEUDIST><NUMCOM>26113</NUMCOM><CODEPOS>26150</CODEPOS><NOMCOM>DIE</NOMCOM>"
    "</AdresseDetailleeFrance>"
)


def flow_household(
    *people: str,
    matricule: str = "123456700000000",
    state: str = "2",
    ending: str = "",
    rights: str = "",
    moved: str = "",
    addresses: Sequence[tuple[str, str]] = (("01", FRENCH_ADDRESS),),
) -> str:
    """A household of a CNAF flow. `ending` follows its state, `rights` the origin of its request."""
    described = "".join(
        f"<Adresse><TroncCommunAdresse><RGADR>{rank}</RGADR><PAYS>FRA</PAYS><TYPEADR>D</TYPEADR>"
        f"<ETATADR>CO</ETATADR></TroncCommunAdresse>{address}</Adresse>\n"
        for rank, address in addresses
    )
    taken_over = moved and (
        "<OrganismePrenant><FONORGPRENMUT>CAF</FONORGPRENMUT><NUMORGPRENMUT>071</NUMORGPRENMUT>"
        f"<DDDEPAMUT>{moved}</DDDEPAMUT></OrganismePrenant>"
    )
    return (
        "<InfosFoyerRSA>\n<IdentificationRSA>\n"
        f"<Organisme><FONORG>CAF</FONORG><NUMORG>261</NUMORG><MATRICULE>{matricule}</MATRICULE></Organisme>\n"
        "<Partenaire><TYPEPARTE>CG </TYPEPARTE><IDEPARTE>026</IDEPARTE></Partenaire>\n"
        "<DemandeRSA><DTDEMRSA>2026-01-15</DTDEMRSA><NUMDEMRSA>00000000042</NUMDEMRSA></DemandeRSA>\n"
        f"{taken_over}</IdentificationRSA>\n{''.join(people)}"
        "<DonneesAdministratives>\n<SituationFamille><SITFAM>CEL</SITFAM><DDSITFAM>2010-01-01</DDSITFAM>"
        f"</SituationFamille>\n{described}</DonneesAdministratives>\n<PrestationRSA>\n<SituationDossierRSA>"
        f"<EtatDossierRSA><ETATDOSRSA>{state}</ETATDOSRSA></EtatDossierRSA>{ending}</SituationDossierRSA>\n"
        "<DetailDroitRSA><TroncCommunDroitRSA><TOPSANSDOMFIXE>0</TOPSANSDOMFIXE><ORIDEMRSA>DEM</ORIDEMRSA>"
        f"<DTORIDEMRSA>2026-02-01</DTORIDEMRSA></TroncCommunDroitRSA>{rights}</DetailDroitRSA>\n"
        "</PrestationRSA>\n</InfosFoyerRSA>\n"
    )


def flow(*households: str, kind: str = "M", encoding: str = "windows-1252") -> bytes:
    """A CNAF flow of beneficiaries, created on 5 March 2026; of one household of one person by default."""
    households = households or (flow_household(flow_person()),)
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<Racine>\n<IdentificationFlux>\n'
        f"<APPLIEME>CRI</APPLIEME><NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME><TYPEFLUX>{kind}</TYPEFLUX>"
        "<NATFLUX>D</NATFLUX><DTCREAFLUX>2026-03-05</DTCREAFLUX><HEUCREAFLUX>01:18:36.0000</HEUCREAFLUX>"
        f"<DTREF>2026-02-28</DTREF>\n</IdentificationFlux>\n{''.join(households)}<TransmissionFlux>\n"
        f"<NBTOTDOSRSATRANSM>{len(households):08}</NBTOTDOSRSATRANSM>"
        "<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO>\n</TransmissionFlux>\n</Racine>"
    ).encode(encoding)


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>" if content else ""


# A sound workbook of Excel 97, which nothing writes any more here: two rows, a date, a number, packed.
XLS = decompress(
    b85decode(
        "c-rk)O=uHA6#izDG-+u5YAUos2?eXxLTma%5!$q3EkZ3Z2ue{jZB{I8l9C3Y9<*9>6hu#omqI;wse17TJ?KdfLZu!AK}ZzD;"
        "7L&M&}Mz}vMFg*Xg~{*{g!z%@6F7cxAW%B%<k(&PkQctT?XsW0~2yuB`S(!f>LFHaf9kLO%@Bejgn@dtWaqqM^;$y#PP~1eJ"
        "K5%fr5MH=R|=Il#XK(L-CmE+eGYR8^S``&`ng}7D=3_Wvi;0jxycC^e(r2%CwgySD1EF+q4+QVqmDLOJBvulm@PILh60Uecr"
        "KT4{GpIuHp+<MZT>CeTlK~M4468o2xJna_E2>QxlSR;Wq3*B+?R%woDV!@RGCV@m=!)-wILv%xB0qS1v&EA8X~-Kgez5#P#y"
        ")iW!)Jc8Y@}1qb@gvc`hJv8klGj1#;s%VYwDag-uFn8?QBQ4g>`oK$@g)fWqoO-+SkqpECjFhraDk?cfv@(cw%Euum7^yjk)"
        "SvMTdIskuHM{B#kv#rzL+TLN8hXQXR?lqf;gM+JzXap`UdpN}0WXkfLuS<tUf`OAPnPKDd$IEv4HqdZU_MpyAu2GPGBcO@Py"
        "O~~Mt=qU<$J9%0C~pkb=!FBb+~zXZHqtn4j5mQDMdh7TPJKE2s6O>Eu#3tI1DSK)g|~q@G|+Juq5krjMYCuYH*ZKh4is{sZ$"
        "<B!*8Z|B*%Y^KyQZI^F09BvBzTzSIXOFGl~eS&%5x^-OskxkIJ2%<{6@22%@)1AV9nAW=M~8*Wbd_4La&pWrNc}#&w@1*_AZ"
        "8A^z|s!c)-)%TXX@i!+-$;1`HT5V8B3`L+ICQ6JIU!muz`mwCewLRw(6+-z5JnLWt9oq>sve#3)Z-x}^296&6v@B{tZn@V`*"
        "vD2<-LI7Zlx@sigseSV4J_t|hq_umVlQpeAgV&^{||0f)O>J9"
    )
)
