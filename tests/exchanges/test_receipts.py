"""Receipts as providers post them: kept, answered at once, applied by a job."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rdv_insertion.exchanges import services
from rdv_insertion.exchanges.models import InboundMail, Receipt
from rdv_insertion.exchanges.receipts.readers import READERS, Unreadable, documents_of, event_of
from rdv_insertion.messaging.callbacks import CallbackSource, callback_url
from rdv_insertion.messaging.enums import MessageStatus
from rdv_insertion.messaging.models import Message, RefusedContact
from tests.exchanges.conftest import SECRET
from tests.exchanges.payloads import brevo_email, brevo_sms, ovh_query
from tests.factories import MessageFactory

pytestmark = pytest.mark.django_db

DELIVERED, FOR_NOW, FOR_GOOD = (
    MessageStatus.DELIVERED,
    MessageStatus.TEMPORARY_FAILURE,
    MessageStatus.PERMANENT_FAILURE,
)


def state(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.status, message.delivery_code


def outcomes() -> list[str]:
    return list(Receipt.objects.order_by("id").values_list("outcome", flat=True))


class TestDoors:
    def test_what_is_posted_is_kept_as_it_came_and_answered_at_once(self, post, message):
        body = json.dumps({"message": message.pk, "status": "delivered"}, indent=4)
        answer = post("generic", body)
        assert (answer.status_code, answer.content) == (200, b"")
        assert Receipt.objects.get().body == body
        assert state(message)[0] == MessageStatus.SENT

    def test_a_job_applies_it(self, post, message, run_jobs):
        post("generic", {"message": message.pk, "status": "delivered"})
        assert run_jobs("exchanges") == 1
        assert state(message) == (DELIVERED, "delivered")
        receipt = Receipt.objects.get()
        assert (receipt.outcome, receipt.message_id) == ("applied", message.pk)
        assert receipt.processed_at

    @pytest.mark.parametrize("source", ["generic", "brevo-mail", "brevo-sms", "ovh-sms", "brevo-inbound"])
    def test_a_wrong_secret_opens_nothing(self, post, source):
        assert post(source, {}, secret="wrong").status_code == 404
        assert not Receipt.objects.exists()

    def test_without_a_secret_in_the_settings_nobody_is_heard(self, post, settings):
        settings.CALLBACK_SECRET = ""
        assert post("generic", {}, secret="x").status_code == 404
        assert Client().post("/callbacks/generic", {}).status_code == 404
        assert callback_url(CallbackSource.GENERIC) == ""

    def test_an_unknown_source_does_not_exist(self, post):
        assert post("twilio", {}).status_code == 404

    @pytest.mark.parametrize(
        "header",
        [f"Bearer {SECRET}", "Basic " + base64.b64encode(f"brevo:{SECRET}".encode()).decode()],
        ids=["bearer", "basic"],
    )
    def test_the_secret_may_be_in_a_header(self, header):
        answer = Client().post(
            "/callbacks/generic",
            data="{}",
            content_type="application/json",
            headers={"Authorization": header},
        )
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "header",
        ["", "Bearer", "Bearer wrong", "Basic", "Basic é", "Basic !!!", "Basic d3Jvbmc=", f"Digest {SECRET}"],
    )
    def test_no_other_header_does(self, header):
        answer = Client().post(
            "/callbacks/generic",
            data="{}",
            content_type="application/json",
            headers={"Authorization": header},
        )
        assert answer.status_code == 404

    def test_who_tries_secrets_is_slowed_down_but_the_provider_is_heard(self, post):
        answers = {post("generic", {}, secret=f"wrong-{number}").status_code for number in range(32)}
        assert answers == {404, 429}
        assert post("generic", {}).status_code == 200

    def test_only_ovh_says_things_in_an_address(self):
        for source, status in (
            ("generic", 405),
            ("brevo-mail", 405),
            ("brevo-inbound", 405),
            ("ovh-sms", 200),
        ):
            assert Client().get(f"/callbacks/{source}/{SECRET}").status_code == status

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
    def test_no_other_method_is_taken(self, method):
        assert getattr(Client(), method)(f"/callbacks/ovh-sms/{SECRET}").status_code == 405

    @pytest.mark.parametrize(
        ("source", "kilobytes"),
        [("generic", 64), ("ovh-sms", 64), ("brevo-sms", 64), ("brevo-mail", 1024), ("brevo-inbound", 2048)],
    )
    def test_a_body_that_is_too_large_is_refused(self, source, kilobytes, post):
        assert post(source, b" " * kilobytes * 1024).status_code == 200
        assert post(source, b" " * (kilobytes * 1024 + 1)).status_code == 413

    @pytest.mark.parametrize(
        "kind",
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png", "text/é"],
    )
    def test_whatever_it_claims_to_be_it_is_kept_as_it_came(self, kind):
        body = b"a=1&b=%00&\x01--x" + b"&c" * 21_000
        assert Client().post(f"/callbacks/generic/{SECRET}", data=body, content_type=kind).status_code == 200
        assert Receipt.objects.get().body == body.decode()

    def test_a_body_whose_length_is_not_said_is_refused_rather_than_lost(self):
        headers = {"Transfer-Encoding": "chunked"}
        answer = Client().generic("POST", f"/callbacks/generic/{SECRET}", headers=headers)
        assert (answer.status_code, Receipt.objects.exists()) == (411, False)

    def test_the_addresses_given_to_providers_are_those_that_answer(self, settings, message):
        settings.PUBLIC_URL = "https://rdv.example.org"
        for source in CallbackSource:
            own = reverse("callback_with_secret", args=[source, SECRET])
            assert callback_url(source) == f"https://rdv.example.org{own}"
            of_one = reverse("callback_of_message", args=[source, SECRET, message.pk])
            assert callback_url(source, message.pk) == f"https://rdv.example.org{of_one}"

    def test_the_secret_is_never_in_the_logs(self, post, message, caplog, run_jobs):
        with caplog.at_level("DEBUG"):
            post("brevo-sms", brevo_sms("", at=message.sent_at), about=message.pk)
            post("brevo-sms", b"\xff" * 70_000)
            post("brevo-sms", b"garbage")
            run_jobs("exchanges")
        said = "\n".join(f"{record.msg} {record.args}" for record in caplog.records)
        assert "callback_of_message" in said
        assert SECRET not in said
        assert "33612345678" not in said


class TestBrevoMail:
    @pytest.mark.parametrize(
        ("event", "status", "code"),
        [
            ("delivered", DELIVERED, "delivered"),
            ("unique_opened", DELIVERED, "delivered"),
            ("hard_bounce", FOR_GOOD, "hard_bounce"),
            ("invalid_email", FOR_GOOD, "invalid_email"),
            ("blocked", FOR_GOOD, "blocked"),
            ("soft_bounce", FOR_NOW, "soft_bounce"),
            ("error", FOR_NOW, "error"),
        ],
    )
    def test_each_event_becomes_a_status(self, event, status, code, post, mail, run_jobs, now):
        post("brevo-mail", brevo_email(mail.pk, event, at=now))
        run_jobs("exchanges")
        assert state(mail) == (status, code)
        assert mail.settled_at == now

    @pytest.mark.parametrize("event", ["request", "deferred", "list_addition", "", None, 12, ["delivered"]])
    def test_what_says_nothing_of_the_end_changes_nothing(self, event, post, mail, run_jobs, now):
        post("brevo-mail", brevo_email(mail.pk, event, at=now))
        run_jobs("exchanges")
        assert state(mail) == (MessageStatus.SENT, "")
        assert outcomes() == ["ignored"]

    def test_a_whole_batch_of_brevo_is_applied(self, post, organisation, run_jobs, now):
        mails = MessageFactory.create_batch(
            500, organisation=organisation, channel="email", usager=None, recipient="x@y.fr"
        )
        assert post("brevo-mail", [brevo_email(one.pk, at=now) for one in mails]).status_code == 200
        assert run_jobs("exchanges") == 501
        assert Message.objects.filter(status=DELIVERED).count() == 500

    def test_an_array_of_events_is_as_many_receipts(self, post, mail, message, run_jobs, now):
        events = [brevo_email(mail.pk, "soft_bounce", at=now), brevo_email(message.pk, at=now)]
        post("brevo-mail", [*events, brevo_email(mail.pk, at=now)])
        assert run_jobs("exchanges") == 4
        assert (state(mail)[0], state(message)[0]) == (DELIVERED, DELIVERED)
        assert sorted(Receipt.objects.values_list("message_id", flat=True)) == sorted(
            [mail.pk, mail.pk, message.pk]
        )

    @pytest.mark.parametrize(
        "named",
        [
            {"X-Mailin-custom": None, "tags": ["invitation", "message-{}"]},
            {"X-Mailin-custom": None, "tags": None, "tag": "message-{}"},
            {"X-Mailin-custom": None, "tags": None, "message-id": "<message-{}@rdv.example.org>"},
            {"X-Mailin-custom": "message_{}"},
        ],
        ids=["tags", "tag", "message-id", "bare header"],
    )
    def test_the_message_is_known_by_any_of_its_names(self, named, post, mail, run_jobs, now):
        written = json.loads(json.dumps(named).replace("{}", str(mail.pk)))
        post("brevo-mail", brevo_email(0, at=now, **written))
        run_jobs("exchanges")
        assert state(mail)[0] == DELIVERED

    def test_a_mail_that_is_not_a_message_is_ignored(self, post, mail, run_jobs, now):
        post("brevo-mail", brevo_email(mail.pk + 999, at=now))
        post("brevo-mail", brevo_email(0, at=now, **{"X-Mailin-custom": None}))
        run_jobs("exchanges")
        assert outcomes() == ["ignored", "ignored"]

    def test_a_hard_bounce_is_an_address_to_correct(self, post, mail, run_jobs, now):
        post("brevo-mail", brevo_email(mail.pk, "hard_bounce", at=now))
        run_jobs("exchanges")
        refused = RefusedContact.objects.current().get()
        assert (refused.usager, refused.contact) == (mail.usager, "marina@example.org")
        assert refused.reason == "Cette adresse mail n'existe pas, ou n'existe plus."


class TestBrevoSms:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("delivered", DELIVERED),
            ("soft_bounce", FOR_NOW),
            ("soft bounce", FOR_NOW),
            ("hard_bounce", FOR_GOOD),
            ("blacklisted", FOR_GOOD),
            ("sent", MessageStatus.SENT),
        ],
    )
    def test_each_status_becomes_ours(self, status, expected, post, message, run_jobs, now):
        post("brevo-sms", brevo_sms(f"message-{message.pk}", status, at=now))
        run_jobs("exchanges")
        assert state(message)[0] == expected

    def test_the_address_says_which_message_when_the_body_does_not(self, post, message, run_jobs, now):
        post("brevo-sms", brevo_sms("", at=now), about=message.pk)
        run_jobs("exchanges")
        assert state(message)[0] == DELIVERED
        assert message.settled_at == now

    def test_an_address_with_an_impossible_number_is_ignored(self, post, run_jobs, now):
        assert post("brevo-sms", brevo_sms("", at=now), about=10**30).status_code == 200
        run_jobs("exchanges")
        assert outcomes() == ["ignored"]


class TestOvh:
    @pytest.mark.parametrize(
        ("ptt", "description", "expected"),
        [
            ("4", "1", DELIVERED),
            ("23", "2", FOR_GOOD),
            ("24", "2", FOR_NOW),
            ("1", "4", MessageStatus.SENT),
            ("6", "2", MessageStatus.SENT),
            ("", "1", DELIVERED),
            ("9999", "2", FOR_NOW),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_each_state_becomes_ours(self, method, ptt, description, expected, message, run_jobs, now):
        Message.objects.filter(pk=message.pk).update(provider="ovh_sms", provider_reference="10000066")
        query = ovh_query("10000066", ptt, at=now, description=description)
        answer = Client().generic(method, f"/callbacks/ovh-sms/{SECRET}?{query}")
        assert answer.status_code == 200
        run_jobs("exchanges")
        assert state(message)[0] == expected

    def test_a_form_is_read_too(self, message, run_jobs, now):
        Message.objects.filter(pk=message.pk).update(provider="ovh_sms", provider_reference="10000066")
        Client().post(
            f"/callbacks/ovh-sms/{SECRET}",
            data=ovh_query("10000066", at=now),
            content_type="application/x-www-form-urlencoded",
        )
        Client().post(f"/callbacks/ovh-sms/{SECRET}", data={"id": "10000066", "ptt": "4"})
        run_jobs("exchanges")
        assert state(message)[0] == DELIVERED
        assert Receipt.objects.filter(message_id=message.pk).count() == 2

    @pytest.mark.parametrize("reference", ["\0", "", None, 12.5, {"a": 1}, "x" * 5_000])
    def test_a_strange_reference_is_ignored(self, reference, post, run_jobs):
        post("ovh-sms", {"id": reference, "ptt": "4"})
        run_jobs("exchanges")
        assert outcomes() == ["ignored"]

    def test_the_reference_of_another_provider_is_not_its_own(self, message, run_jobs, now):
        Message.objects.filter(pk=message.pk).update(provider="brevo_sms", provider_reference="10000066")
        Client().get(f"/callbacks/ovh-sms/{SECRET}?{ovh_query('10000066', at=now)}")
        run_jobs("exchanges")
        assert outcomes() == ["ignored"]


class TestGeneric:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [("delivered", DELIVERED), ("temporary_failure", FOR_NOW), ("permanent_failure", FOR_GOOD)],
    )
    def test_each_status_becomes_ours(self, status, expected, post, message, run_jobs, now):
        post("generic", {"message": message.pk, "status": status, "at": now.isoformat()})
        run_jobs("exchanges")
        assert state(message)[0] == expected
        assert message.settled_at == now

    @pytest.mark.parametrize("at", [None, "", "hier", 0, -1, 10**30, True, {}, "9999-99-99", "1970-01-01"])
    def test_without_a_moment_it_is_that_of_the_call(self, at, post, message, run_jobs):
        post("generic", {"message": message.pk, "status": "delivered", "at": at})
        run_jobs("exchanges")
        assert state(message)[0] == DELIVERED
        assert message.settled_at == Receipt.objects.get().received_at

    @pytest.mark.parametrize("named", [None, "", 0, -3, True, 1.5, "x", [], {}, 2**70, "9" * 400, "message-"])
    def test_no_message_is_no_error(self, named, post, message, run_jobs):
        post("generic", {"message": named, "status": "delivered"})
        run_jobs("exchanges")
        assert outcomes() == ["ignored"]


def test_a_job_that_runs_twice_applies_once(post, message, now):
    post("generic", {"message": message.pk, "status": "delivered"})
    receipt = Receipt.objects.get()
    services.process_receipt(receipt_id=receipt.pk, now=now)
    services.process_receipt(receipt_id=receipt.pk, now=now + timedelta(hours=1))
    receipt.refresh_from_db()
    assert receipt.processed_at == now


TOO_DEEP = b'{"tags": %b%b}' % (b"[" * 900, b"]" * 900)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"12",
        b'"delivered"',
        b"[1, [2]]",
        b"\xff\xfe",
        b"[" * 60_000,
        b"\0",
        TOO_DEEP,
    ],
    ids=range(11),
)
@pytest.mark.parametrize("source", [*READERS])
def test_what_cannot_be_read_is_kept_and_said_to_be_so(source, body, post, run_jobs):
    assert post(source, body).status_code == 200
    run_jobs("exchanges")
    assert outcomes() == ["unreadable"]


@hypothesis_settings(max_examples=150)
@given(body=st.binary(max_size=300), source=st.sampled_from([*CallbackSource]))
def test_no_bytes_make_an_error(body, source, post, run_jobs):
    assert post(source, body).status_code == 200
    run_jobs("exchanges")
    assert not Receipt.objects.filter(outcome="waiting").exists()
    assert not InboundMail.objects.filter(outcome="waiting").exists()


_FIELDS = st.sampled_from(
    ["event", "message-id", "X-Mailin-custom", "tags", "tag", "date", "ts_epoch", "msg_status", "status"]
    + ["id", "ptt", "description", "message", "at", "items", "From", "To", "Recipients", "Subject", "Headers"]
    + ["Attachments", "MessageId", "RawHtmlBody", "RawTextBody"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["delivered", "hard_bounce", "4", "message-1", "permanent_failure"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_FIELDS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@hypothesis_settings(max_examples=200)
@given(document=st.dictionaries(_FIELDS, _VALUES, max_size=8), source=st.sampled_from([*CallbackSource]))
def test_no_json_makes_an_error(document, source, post, run_jobs):
    assert post(source, document).status_code == 200
    run_jobs("exchanges")
    assert not Receipt.objects.filter(outcome="waiting").exists()


@given(document=st.dictionaries(_FIELDS, _VALUES, max_size=8), source=st.sampled_from([*READERS]))
def test_readers_read_anything(document, source):
    try:
        for one in documents_of(json.dumps([document])):
            event_of(source, one)
    except Unreadable:
        pass


def test_what_was_received_is_forgotten_after_three_months(post, message, now):
    post("generic", {"message": message.pk, "status": "delivered"})
    post("brevo-inbound", {"items": [{}]})
    MessageFactory(organisation=message.organisation, purpose="reply", created_at=now - timedelta(days=91))
    Receipt.objects.update(received_at=now - timedelta(days=91))
    InboundMail.objects.update(received_at=now - timedelta(days=91))
    post("generic", {"message": message.pk, "status": "delivered"})
    assert services.erase_old(now=now) == 3
    assert (Receipt.objects.count(), InboundMail.objects.count(), Message.objects.count()) == (1, 0, 1)


def test_what_was_received_about_a_person_goes_the_night_after_they_are_deleted(post, run_jobs, message, now):
    other = MessageFactory(organisation=message.organisation)
    for one in (message, other):
        post("generic", {"message": one.pk, "status": "delivered"})
        reply = {
            "purpose": "reply",
            "usager": None,
            "recipient": "cd@example.org",
            "about": f"reply-{one.pk}",
        }
        MessageFactory(organisation=one.organisation, **reply)
        InboundMail.objects.create(body="{}", received_at=now, message_id=one.pk)
    post("generic", {"message": 999_999_999, "status": "delivered"})
    run_jobs("exchanges")
    message.usager.delete()
    assert services.erase_old(now=now) == 3
    assert [*Receipt.objects.values_list("message_id", flat=True)] == [other.pk, None]
    assert InboundMail.objects.get().message_id == other.pk
    assert [*Message.objects.values_list("about", flat=True)] == [f"reply-{other.pk}", other.about]
