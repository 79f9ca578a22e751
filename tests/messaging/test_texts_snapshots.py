"""Every text as it is sent, one readable file for each purpose and language.

After a change of words, or of a catalog, write them again and read the difference:
`.venv/bin/pytest tests/messaging/test_texts_snapshots.py --snapshot-update`
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import ndiff

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.channels.sms.encoding import segments
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.texts.rdvs.content import EVENTS
from rdv_insertion.messaging.texts.rendering import PersonalContent
from tests.messaging.contents import MAN, MODELS, PLACES, SOMEBODY, earlier_slot, invitation, rdv

IN_FRENCH = "\n\nEn français :\n\n"


class Document(SingleFileSnapshotExtension):
    """A text file by test."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def invitations(*, reminder: bool) -> Iterable[tuple[str, PersonalContent]]:
    for model, words in MODELS.items():
        given = {"words": words, "reminder": reminder, "days_left": 7 if reminder else 10}
        yield model, invitation(**given)
    full = replace(MODELS["standard"], custom_sentence="Venez avec vos questions")
    yield (
        "standard, with a sentence and referents",
        invitation(words=full, reminder=reminder, referents=("Aïcha N'Diaye", "Jean Petit")),
    )
    bare = replace(MODELS["standard"], mandatory=False, designation="", purpose="", punishable_warning="")
    yield (
        "standard, without limit nor stake",
        invitation(words=bare, reminder=reminder, days_left=None, last_day=None),
    )
    yield "standard, on the last day", invitation(reminder=reminder, days_left=0)


def rdvs(event: str, *, convocation: bool) -> Iterable[tuple[str, PersonalContent]]:
    for place in PLACES:
        yield place, rdv(event=event, convocation=convocation, location_type=place)
    yield (
        "public_office, with little to say",
        rdv(
            event=event,
            convocation=convocation,
            words=None,
            title="Entretien du mardi",
            what_to_bring="",
            instruction="",
            access="",
            agents=("Aïcha N'Diaye",),
            help_phone="",
        ),
    )
    if event == "cancelled" and not convocation:
        yield "by the person", rdv(event=event, cancelled_by_service=False)


DOCUMENTS: dict[str, Callable[[], Iterable[tuple[str, PersonalContent]]]] = {
    "invitation": lambda: invitations(reminder=False),
    "invitation_reminder": lambda: invitations(reminder=True),
    "earlier_slot": lambda: [(place, earlier_slot(location_type=place)) for place in PLACES],
    **{
        f"{'convocation' if convocation else 'rdv'}_{event}": lambda event=event, convocation=convocation: (
            rdvs(event, convocation=convocation)
        )
        for convocation in (False, True)
        for event in EVENTS
    },
}


def document(content: PersonalContent, language: str) -> str:
    """All that is sent of this content, without the French below, which has a file of its own."""
    sms, mail = content.render(Channel.SMS, language), content.render(Channel.EMAIL, language)
    count = segments(sms.text)
    parts = [
        f"[SMS, {len(sms.text)} characters, {count} segment{'s' * (count > 1)}]\n{sms.text}",
        f"[Mail] {mail.subject}\n{mail.text.partition(IN_FRENCH)[0]}",
    ]
    if type(content).__name__ != "EarlierSlotContent":
        letter = content.render(Channel.LETTER, language)
        told = letter.letter.get("translation") or {"subject": letter.subject, "paragraphs": [letter.text]}
        parts.append(f"[Letter] {told['subject']}\n" + "\n\n".join(told["paragraphs"]))
    return "\n\n".join(parts)


def differences(woman: str, other: str) -> str:
    """The lines that agree otherwise."""
    lines = ndiff(woman.splitlines(), other.splitlines())
    return "\n".join(line[2:] for line in lines if line.startswith("+ ")) or "(the same)"


def whole(name: str, language: str) -> str:
    chapters = []
    for title, content in DOCUMENTS[name]():
        woman = document(content, language)
        man, somebody = (
            differences(woman, document(replace(content, addressee=one), language)) for one in (MAN, SOMEBODY)
        )
        chapters.append(
            f"=== {title}, to a woman\n\n{woman}\n\n--- to a man\n{man}\n\n--- to somebody\n{somebody}\n"
        )
    return "\n\n".join(chapters)


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("language", Language.values)
def test_texts_are_as_agreed(language: str, name: str, snapshot: SnapshotAssertion) -> None:
    assert whole(name, language) == snapshot(extension_class=Document)


@pytest.mark.parametrize("language", Language.values)
def test_html_mails_are_as_agreed(language: str, snapshot: SnapshotAssertion) -> None:
    html = rdv(location_type="visio", convocation=True).render(Channel.EMAIL, language).html
    lines = [line.strip() for line in html.splitlines() if line.strip()]
    assert "\n".join(lines) == snapshot(extension_class=Document)
