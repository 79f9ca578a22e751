"""Whatever people and agents type, a text keeps its rules."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdv_insertion.kernel.languages import Language
from rdv_insertion.messaging.channels.sms.encoding import is_gsm7
from rdv_insertion.messaging.enums import Channel, TemplateModel
from rdv_insertion.messaging.texts import Addressee, InvitationContent, RdvContent
from rdv_insertion.messaging.texts.content import LONGEST_SUBJECT
from rdv_insertion.messaging.texts.rdvs.content import EVENTS
from rdv_insertion.messaging.texts.rendering import PersonalContent
from rdv_insertion.messaging.texts.words import Words
from tests.messaging.contents import PLACES, invitation, rdv

LATIN = [one for one in Language.values if one not in ("ar", "fa", "uk")]
# What a form lets through: no control character, no half of a pair; blanks of all kinds.
TYPED = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n<>&\"'%"), max_size=60
)
NAMES = TYPED.filter(lambda text: bool(text.strip()))


def words() -> st.SearchStrategy[Words]:
    return st.builds(
        Words,
        model=st.sampled_from(TemplateModel.values),
        title=NAMES,
        title_by_phone=NAMES,
        subject=TYPED,
        purpose=TYPED,
        designation=TYPED,
        custom_sentence=TYPED,
        mandatory=st.booleans(),
        punishable_warning=TYPED,
        what_to_bring=TYPED,
    )


ADDRESSEES = st.builds(Addressee, NAMES, NAMES, st.sampled_from(["madame", "monsieur", None]))
INVITATIONS = st.builds(
    invitation,
    addressee=ADDRESSEES,
    words=words(),
    organisation=NAMES,
    days_left=st.none() | st.integers(0, 90),
    reminder=st.booleans(),
    referents=st.lists(NAMES, max_size=3).map(tuple),
)
RDVS = st.builds(
    rdv,
    addressee=ADDRESSEES,
    words=st.none() | words(),
    title=NAMES,
    organisation=NAMES,
    event=st.sampled_from(EVENTS),
    convocation=st.booleans(),
    location_type=st.sampled_from(PLACES),
    place=st.tuples(NAMES, NAMES) | st.just(()),
    access=TYPED,
    what_to_bring=TYPED,
    instruction=TYPED,
    agents=st.lists(NAMES, max_size=2).map(tuple),
    help_phone=st.sampled_from(["04 75 00 00 00", ""]),
)
CONTENTS: st.SearchStrategy[InvitationContent | RdvContent] = INVITATIONS | RDVS


@settings(max_examples=60, deadline=None)
@given(
    content=INVITATIONS,
    channel=st.sampled_from([Channel.SMS, Channel.EMAIL]),
    language=st.sampled_from(Language.values),
)
def test_an_invitation_drawn_once_for_a_run_says_what_it_says_alone(
    content: InvitationContent, channel: str, language: str
) -> None:
    alone, of_a_run = PersonalContent.render(content, channel, language), content.render(channel, language)
    assert (of_a_run.text, of_a_run.french) == (alone.text, alone.french)


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS, language=st.sampled_from(LATIN))
def test_an_sms_in_a_latin_language_stays_in_the_alphabet_of_sms(
    content: PersonalContent, language: str
) -> None:
    assert is_gsm7(content.render(Channel.SMS, language).text)


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS, language=st.sampled_from(Language.values))
def test_an_sms_is_one_line_with_whole_links(content: Any, language: str) -> None:
    text = content.render(Channel.SMS, language).text
    assert "\n" not in text
    assert "  " not in text
    if content.link in text:
        assert f" {content.link} " in f"{text} "


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS, language=st.sampled_from(Language.values))
def test_html_never_holds_what_was_typed_as_it_was(content: Any, language: str) -> None:
    marked = replace(
        content,
        organisation="<o>&",
        addressee=Addressee("<f>&", "<l>&", "madame"),
        words=replace(content.words, title="<t>&", custom_sentence="<c>&") if content.words else None,
    )
    html = marked.render(Channel.EMAIL, language).html
    assert not re.search(r"<[oflct]>|<[OFLCT]>", html)
    assert not re.search(r"&(?!(?:amp|lt|gt|quot|nbsp|#x27);)", html)


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS, language=st.sampled_from(Language.values))
def test_subjects_and_paragraphs_are_whole(content: Any, language: str) -> None:
    for channel in (Channel.EMAIL, Channel.LETTER):
        told = content.render(channel, language)
        assert "\n" not in told.subject
        assert 0 < len(told.subject) <= LONGEST_SUBJECT
        assert "\n\n\n" not in told.text
        assert "%(" not in told.text or "%(" in str(content)


@settings(max_examples=60, deadline=None)
@given(content=CONTENTS)
def test_the_same_facts_say_the_same(content: PersonalContent) -> None:
    for channel in Channel.values:
        assert content.render(channel, "fr") == content.render(channel, "fr")


@pytest.mark.parametrize("typed", ["None", "100 % gratuit", "%(title)s", "{{ name }}", "{% now %}"])
def test_what_looks_like_a_placeholder_is_said_as_it_was_typed(typed: str) -> None:
    content = invitation(words=replace(invitation().words, custom_sentence=f"{typed}!"))
    assert f"{typed}!" in content.render(Channel.EMAIL, "fr").text
    assert f"{typed}!" in content.render(Channel.SMS, "fr").text
