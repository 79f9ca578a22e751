"""Every word of a provider becomes a French sentence and an action; agents never read a code."""

import re

import pytest

from rdv_insertion.messaging import outcomes
from rdv_insertion.messaging.channels.email import brevo_transport as mail
from rdv_insertion.messaging.channels.sms import ovh_transport as ovh
from rdv_insertion.messaging.channels.sms import transport as sms
from rdv_insertion.messaging.enums import FAILED, TRANSITIONS, Channel, MessageStatus
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.services.sending import OUR_FAULT

TABLES = {
    "BREVO_EMAIL": outcomes.BREVO_EMAIL,
    "BREVO_SMS": outcomes.BREVO_SMS,
    "OVH_SMS": outcomes.OVH_SMS,
    "OVH_DLR": outcomes.OVH_DLR,
    "GENERIC": outcomes.GENERIC,
}
MEANINGS = [
    pytest.param(meaning, id=f"{name}:{code}")
    for name, table in TABLES.items()
    for code, meaning in table.items()
    if meaning
]


@pytest.mark.parametrize("meaning", MEANINGS)
def test_a_sent_message_may_take_what_a_word_means(meaning):
    assert meaning.status in TRANSITIONS[MessageStatus.SENT]


@pytest.mark.parametrize("meaning", MEANINGS)
def test_a_failure_has_a_sentence_and_an_action_and_a_delivery_needs_none(meaning):
    assert (meaning.reason is None) == (meaning.status == MessageStatus.DELIVERED)


@pytest.mark.parametrize("meaning", MEANINGS)
def test_only_a_failure_for_good_refuses_a_contact(meaning):
    assert meaning.status == MessageStatus.PERMANENT_FAILURE or not meaning.refuses_contact


@pytest.mark.parametrize("meaning", [one for one in MEANINGS if one.values[0].reason])
def test_what_is_kept_of_a_failure_leads_back_to_its_action(meaning):
    message = Message(status=meaning.status, channel=Channel.SMS, failure=meaning.reason.sentence)
    assert outcomes.sentence_of(message) == meaning.reason.sentence
    assert outcomes.action_of(message) == meaning.reason.action
    assert outcomes.remedy_of(message) == meaning.reason.remedy


@pytest.mark.parametrize("channel", Channel.values)
@pytest.mark.parametrize("status", MessageStatus.values)
def test_every_status_of_every_channel_has_words(status, channel):
    message = Message(status=status, channel=channel)
    for words in (outcomes.sentence_of(message), outcomes.action_of(message)):
        assert re.fullmatch(r"[A-ZÀÉ].{3,}\.", words)
        assert not re.search(r"bounce|blocked|error|ptt|code|\d", words)
    assert outcomes.remedy_of(message) in outcomes.Remedy


@pytest.mark.parametrize("status", FAILED)
def test_a_sentence_of_ours_is_said_as_it_was_kept(status):
    message = Message(status=status, channel=Channel.SMS, failure="Une raison que personne n'a prévue.")
    assert outcomes.sentence_of(message) == "Une raison que personne n'a prévue."
    assert outcomes.action_of(message)


def test_the_sentence_of_an_earlier_try_is_not_said_of_a_message_that_waits():
    message = Message(
        status=MessageStatus.CREATED, channel=Channel.SMS, failure="Le prestataire ne répond pas."
    )
    assert outcomes.sentence_of(message) == "En attente d'envoi."


@pytest.mark.parametrize(
    "sentence",
    sorted(
        {*sms._PERMANENT.values(), *mail._PERMANENT.values(), *ovh._PERMANENT.values(), OUR_FAULT.sentence}
    ),
)
def test_each_refusal_of_a_transport_has_an_action_of_its_own(sentence):
    assert sentence in outcomes._BY_SENTENCE


def test_all_sentences_fit_where_they_are_kept():
    length = Message._meta.get_field("failure").max_length
    assert all(len(one.values[0].reason.sentence) <= length for one in MEANINGS if one.values[0].reason)
