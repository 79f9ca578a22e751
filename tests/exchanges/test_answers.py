"""Answers by mail: given once to those who must read them; machines, forgers and quotes are left out."""

import json
from datetime import timedelta

import pytest

from rdv_insertion.exchanges import services
from rdv_insertion.exchanges.models import InboundMail
from rdv_insertion.messaging.channels.email.mail import build_mail
from rdv_insertion.messaging.models import Message
from rdv_insertion.messaging.replies import reply_address
from tests.exchanges.payloads import inbound
from tests.factories import AgentFactory, MessageFactory, ParticipationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reply_domain(settings):
    settings.REPLY_DOMAIN = "reponses.example.org"
    settings.SUPPORT_EMAIL = ""


@pytest.fixture
def organisation(organisation):
    organisation.email = "rsa@drome.test"
    organisation.save()
    return organisation


@pytest.fixture
def receive(post, run_jobs):
    """Post these items as one call, and run the jobs; the mails to professionals that it makes."""

    def send(*items):
        assert post("brevo-inbound", {"items": list(items)}).status_code == 200
        run_jobs("exchanges")
        return forwarded()

    return send


def forwarded():
    return list(Message.objects.filter(purpose="reply").order_by("id"))


def to(mail, **changes):
    return inbound(reply_address(mail.pk), **changes)


class TestWhoReads:
    def test_the_organisation_reads_the_answer_to_an_invitation(self, receive, mail, organisation):
        (answer,) = receive(to(mail))
        assert (answer.organisation, answer.recipient) == (organisation, "rsa@drome.test")
        assert (answer.usager, answer.agent, answer.channel) == (None, None, "email")
        received = InboundMail.objects.get()
        assert (received.outcome, received.message_id) == ("applied", mail.pk)

    def test_the_agents_of_the_rdv_read_the_answer_to_its_mails(self, receive, mail, organisation, agent):
        colleague = AgentFactory(organisation=organisation)
        participation = ParticipationFactory(
            usager=mail.usager, rdv__organisation=organisation, rdv__agents=[agent, colleague]
        )
        Message.objects.filter(pk=mail.pk).update(about=f"participation-{participation.pk}")
        assert {answer.agent for answer in receive(to(mail))} == {agent, colleague}

    def test_an_agent_who_left_does_not(self, receive, mail, organisation, agent, colleague_elsewhere):
        gone = AgentFactory(organisation=organisation, is_active=False)
        participation = ParticipationFactory(
            usager=mail.usager, rdv__organisation=organisation, rdv__agents=[gone, colleague_elsewhere]
        )
        Message.objects.filter(pk=mail.pk).update(about=f"participation-{participation.pk}")
        (answer,) = receive(to(mail))
        assert (answer.agent, answer.recipient) == (None, "rsa@drome.test")

    @pytest.mark.parametrize("about", ["participation-999999", "participation-x", "invitation-ABCDEFGH", ""])
    def test_without_a_rdv_it_is_the_organisation(self, about, receive, mail):
        Message.objects.filter(pk=mail.pk).update(about=about)
        (answer,) = receive(to(mail))
        assert answer.recipient == "rsa@drome.test"

    def test_the_rdv_of_somebody_else_is_not_theirs(self, receive, mail, organisation, agent):
        other = ParticipationFactory(rdv__organisation=organisation, rdv__agents=[agent])
        Message.objects.filter(pk=mail.pk).update(about=f"participation-{other.pk}")
        (answer,) = receive(to(mail))
        assert answer.agent is None

    def test_an_organisation_without_an_address_has_its_administrators_read(
        self, receive, mail, organisation, admin, agent
    ):
        organisation.email = ""
        organisation.save()
        assert [answer.agent for answer in receive(to(mail))] == [admin]

    def test_without_anybody_the_support_reads(self, receive, mail, organisation, settings):
        organisation.email = ""
        organisation.save()
        assert receive(to(mail)) == []
        settings.SUPPORT_EMAIL = "support@example.org"
        (answer,) = receive(to(mail))
        assert answer.recipient == "support@example.org"


class TestWhatIsRead:
    def test_it_says_who_writes_and_what(self, receive, mail):
        mail.usager.first_name, mail.usager.last_name = "Marina", "Foïs"
        mail.usager.save()
        (answer,) = receive(to(mail))
        assert answer.subject == "Marina F. vous répond : Re: Votre rendez-vous"
        for text in (answer.text, answer.html.replace("&nbsp;", " ")):
            assert "Marina F. vous répond par mail" in text
            assert "Puis-je venir jeudi ?" in text
            assert "Invitation à choisir un créneau" in text
            assert f"/usagers/{mail.usager_id}/" in text
            assert "Foïs" not in text
            assert "Personne ne lit" not in text
            assert "n'est pas l'adresse de sa fiche" not in text

    def test_the_language_of_the_person_is_said_when_it_is_not_french(self, receive, mail):
        (answer,) = receive(to(mail))
        assert "reçoit ses messages en" not in answer.text
        Message.objects.filter(pk=mail.pk).update(language="uk")
        answer = receive(to(mail, MessageId="<autre@mail>"))[-1]
        assert "La personne reçoit ses messages en ukrainien." in answer.text

    def test_the_agent_answers_the_person_directly(self, receive, mail):
        (answer,) = receive(to(mail))
        assert build_mail(answer).message()["Reply-To"] == "marina@example.org"
        assert build_mail(mail).message()["Reply-To"] == reply_address(mail.pk)

    def test_where_the_person_asks_to_be_answered_is_kept(self, receive, mail):
        (answer,) = receive(to(mail, ReplyTo={"Name": None, "Address": "soeur@example.org"}))
        assert answer.reply_to == "soeur@example.org"
        assert "Attention : soeur@example.org n'est pas l'adresse de sa fiche." in answer.text

    def test_another_address_than_theirs_is_said(self, receive, mail):
        (answer,) = receive(to(mail, From={"Name": "X", "Address": "autre@example.org"}))
        assert "Attention : autre@example.org n'est pas l'adresse de sa fiche." in answer.text

    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            ("marie@préfecture.example", "marie@xn--prfecture-c4a.example"),
            ("marie@é..example", ""),
            ("é@example.org", ""),
            ("marie@" + "é." * 120 + "example", ""),
        ],
        ids=["accents", "no domain", "no server takes it", "too long"],
    )
    def test_an_address_that_no_server_takes_stops_nothing(
        self, asked, given, receive, mail, run_jobs, providers
    ):
        (answer,) = receive(to(mail, ReplyTo={"Address": asked}))
        assert answer.reply_to == given
        assert ("Ne répondez pas à ce mail" in answer.text) is (not given)
        run_jobs("email")
        (sent,) = providers.mail.received()
        assert sent["Reply-To"] == (given or None)

    def test_an_answer_never_comes_back_to_us(self, receive, mail, message):
        (answer,) = receive(to(mail, ReplyTo={"Address": reply_address(message.pk)}))
        assert answer.reply_to == "marina@example.org"

    def test_files_are_named_and_not_forwarded(self, receive, mail):
        files = [
            {"Name": "cv.pdf", "ContentType": "application/pdf", "ContentLength": 9, "DownloadToken": "t"},
            {"Name": None, "ContentType": "image/png", "ContentLength": 9, "DownloadToken": "t"},
        ]
        (answer,) = receive(to(mail, Attachments=files))
        assert "- cv.pdf\n- fichier sans nom" in answer.text
        assert "cv.pdf" in answer.html
        assert len(build_mail(answer).attachments) == 0

    def test_a_mail_without_text_says_so(self, receive, mail):
        nothing = {"ExtractedMarkdownMessage": "", "RawTextBody": "> cité", "RawHtmlBody": None}
        (answer,) = receive(to(mail, **nothing))
        assert "Ce mail ne contient pas de texte." in answer.text

    def test_html_of_the_person_is_shown_as_text(self, receive, mail):
        (answer,) = receive(to(mail, ExtractedMarkdownMessage="<script>alert(1)</script>", Subject="<b>"))
        assert "<script>alert" not in answer.html
        assert "&lt;script&gt;" in answer.html

    def test_a_subject_of_several_lines_adds_no_header(self, receive, mail):
        (answer,) = receive(to(mail, Subject="Re: x\r\nBcc: tout@le.monde"))
        assert build_mail(answer).message()["Bcc"] is None

    def test_html_alone_is_read(self, receive, mail):
        only = {"ExtractedMarkdownMessage": None, "RawTextBody": None, "RawHtmlBody": "<p>Oui, je viens.</p>"}
        (answer,) = receive(to(mail, **only))
        assert "Oui, je viens." in answer.text


class TestOnce:
    def test_the_same_mail_posted_twice_is_forwarded_once(self, receive, mail):
        receive(to(mail))
        again = to(mail, Uuid=["another"], SpamScore=3.0)
        assert len(receive(again)) == 1

    def test_without_a_message_id_too(self, receive, mail):
        receive(to(mail, MessageId=None))
        assert len(receive(to(mail, MessageId=None, Uuid=["another"]))) == 1

    def test_two_mails_are_forwarded_twice(self, receive, mail):
        receive(to(mail))
        assert len(receive(to(mail, MessageId="<autre@mail>"))) == 2

    def test_two_mails_of_one_call_too(self, receive, mail):
        assert len(receive(to(mail), to(mail, MessageId="<autre@mail>"))) == 2

    def test_a_machine_that_answers_without_end_is_not_followed(self, receive, mail):
        items = [to(mail, MessageId=f"<{number}@mail>") for number in range(30)]
        receive(*items[:15])
        assert len(receive(*items[15:])) == 20


class TestNobody:
    @pytest.mark.parametrize(
        "address",
        [
            "reponse+1-00000000000000000000@reponses.example.org",
            "reponse+1@reponses.example.org",
            "quelqu-un@reponses.example.org",
            "reponse+1-00000000000000000000@ailleurs.example.org",
            "",
        ],
    )
    def test_a_forged_address_is_ignored_and_counted(self, address, receive, mail, mailoutbox):
        assert receive(inbound(address)) == []
        assert InboundMail.objects.filter(outcome="ignored").count() == 1
        assert mailoutbox == []

    def test_the_signature_of_another_message_opens_nothing(self, receive, mail, message):
        stolen = reply_address(mail.pk).replace(f"+{mail.pk}-", f"+{message.pk}-")
        assert receive(inbound(stolen)) == []

    def test_an_erased_message_is_ignored(self, receive, mail):
        item = to(mail)
        mail.delete()
        assert receive(item) == []

    def test_the_support_gets_what_is_for_nobody_once(self, receive, mail, settings, mailoutbox):
        settings.SUPPORT_EMAIL = "support@example.org"
        lost = inbound("accueil@reponses.example.org")
        receive(lost)
        receive(lost)
        (told,) = mailoutbox
        assert (told.to, told.reply_to) == (["support@example.org"], ["marina@example.org"])
        assert "Puis-je venir jeudi" in told.body
        assert told.extra_headers["Auto-Submitted"] == "auto-generated"
        outcomes = InboundMail.objects.order_by("id").values_list("outcome", flat=True)
        assert list(outcomes) == ["applied", "ignored"]

    def test_the_support_is_written_to_once_the_answer_is_kept_as_read(
        self, post, settings, mailoutbox, run_jobs, now
    ):
        """The mail server is never waited for inside a transaction."""
        settings.SUPPORT_EMAIL = "support@example.org"
        post("brevo-inbound", {"items": [inbound("accueil@reponses.example.org")]})
        services.process_inbound_mail(inbound_mail_id=InboundMail.objects.get().pk, now=now)
        assert (InboundMail.objects.get().outcome, mailoutbox) == ("applied", [])
        run_jobs("exchanges")
        assert len(mailoutbox) == 1

    def test_the_recipient_may_be_in_any_place(self, receive, mail):
        address = reply_address(mail.pk)
        places = [
            {"Recipients": [address], "To": []},
            {"Recipients": [{"Name": None, "Address": address}], "To": []},
            {"To": [{"Name": "RSA", "Address": address.upper()}], "Recipients": None},
            {"To": [], "Recipients": [], "Cc": [{"Address": address}]},
            {"To": [], "Recipients": [], "Headers": {"Delivered-To": f"<{address}>"}},
        ]
        places.append({"To": [f'"Service, RSA" <{address}>'], "Recipients": []})
        items = [to(mail, MessageId=f"<{number}@x>", **place) for number, place in enumerate(places)]
        assert len(receive(*items)) == len(places)


class TestMachines:
    @pytest.mark.parametrize(
        "header",
        [
            {"Auto-Submitted": "auto-replied"},
            {"auto-submitted": "auto-generated; type=x"},
            {"Precedence": "bulk"},
            {"Precedence": "auto_reply"},
            {"X-Autoreply": "yes"},
            {"List-Id": "<x>"},
            {"Return-Path": "<>"},
            {"Content-Type": "multipart/report; report-type=delivery-status"},
        ],
        ids=str,
    )
    def test_headers_of_machines(self, header, receive, mail):
        assert receive(to(mail, Headers=header)) == []
        assert InboundMail.objects.get().outcome == "ignored"

    @pytest.mark.parametrize(
        "subject",
        [
            "Réponse automatique : Votre rendez-vous",
            "Automatic reply: Votre rendez-vous",
            "Out of Office: x",
            "Absence du bureau",
            "Undelivered Mail Returned to Sender",
            "Delivery Status Notification (Failure)",
        ],
    )
    def test_subjects_of_machines(self, subject, receive, mail):
        assert receive(to(mail, Subject=subject)) == []

    @pytest.mark.parametrize(
        "sender",
        ["MAILER-DAEMON@x.org", "postmaster@x.org", "no-reply@x.org", "ne-pas-repondre@x.org", "", "<>"],
    )
    def test_senders_that_are_machines(self, sender, receive, mail):
        assert receive(to(mail, From={"Name": "", "Address": sender}, Headers={})) == []

    def test_our_own_mails_do_not_come_back(self, receive, mail, settings):
        settings.SUPPORT_EMAIL = "support@example.org"
        for sender in (reply_address(mail.pk), "Support@example.org", settings.DEFAULT_FROM_EMAIL):
            assert receive(to(mail, From={"Name": "", "Address": sender})) == []

    def test_an_ordinary_subject_that_speaks_of_absence_is_read(self, receive, mail):
        assert len(receive(to(mail, Subject="Mon absence de mardi", Headers={"Auto-Submitted": "no"}))) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            {"Headers": {"Content-Type": "text/calendar; method=REPLY"}},
            {"Attachments": [{"Name": "r.ics", "ContentType": "text/calendar; method=REPLY"}]},
            {"ExtractedMarkdownMessage": "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR"},
        ],
        ids=["header", "file", "text"],
    )
    def test_the_answer_of_an_agenda_is_ignored(self, answer, receive, mail):
        assert receive(to(mail, **answer)) == []
        assert InboundMail.objects.get().outcome == "ignored"


TOO_DEEP = b'{"items": [{"Headers": %b%b}]}' % (b"[" * 900, b"]" * 900)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"items": []}', b'{"items": {}}', b'{"items": [1]}', b"[]", b"\xff", b"<html>", TOO_DEEP],
    ids=range(9),
)
def test_what_is_no_mail_is_said_to_be_unreadable(body, post, run_jobs):
    post("brevo-inbound", body)
    run_jobs("exchanges")
    assert InboundMail.objects.get().outcome == "unreadable"


HOSTILE = ["(" * 50_000, "<" * 50_000, '"' * 50_001, "De" + " " * 90_000 + "x", "\0\x01\x7f" * 9]


@pytest.mark.parametrize("hostile", HOSTILE, ids=len)
def test_nothing_that_is_written_makes_an_error(hostile, post, run_jobs, mail):
    everywhere = {"Address": hostile, "Name": hostile}
    item = to(mail, ReplyTo=everywhere, Subject=hostile, ExtractedMarkdownMessage="", RawTextBody=hostile)
    items = [
        {**item, "RawTextBody": None, "RawHtmlBody": f"<div>{hostile}" * 3 + "<div>" * 20_000},
        {**item, "From": everywhere, "To": [everywhere, hostile], "Cc": hostile},
        {**item, "MessageId": "<other@x>", "Headers": {hostile[:100]: hostile}},
    ]
    for one in items:
        assert post("brevo-inbound", {"items": [one]}).status_code == 200
    run_jobs("exchanges")
    assert not InboundMail.objects.filter(outcome__in=["waiting", "unreadable"]).exists()


def test_the_logs_say_nothing_of_the_person(post, run_jobs, mail, caplog):
    with caplog.at_level("DEBUG"):
        post("brevo-inbound", {"items": [to(mail)]})
        run_jobs("exchanges")
    said = "\n".join(f"{record.msg} {record.args}" for record in caplog.records)
    assert "forwarded" in said
    for personal in ("marina", "Marina", "malade", "reponse+"):
        assert personal not in said


def test_the_job_survives_being_run_again(post, run_jobs, mail, now):
    post("brevo-inbound", {"items": [to(mail)]})
    run_jobs("exchanges")
    services.process_inbound_mail(inbound_mail_id=InboundMail.objects.get().pk, now=now + timedelta(hours=1))
    assert len(forwarded()) == 1


def test_an_answer_reaches_its_reader_by_a_real_mail_server(receive, mail, run_jobs, providers):
    receive(to(mail))
    run_jobs("email")
    (sent,) = providers.mail.received()
    assert (sent["To"], sent["Reply-To"]) == ("rsa@drome.test", "marina@example.org")
    assert "Puis-je venir jeudi" in sent.get_body(("plain",)).get_content()
    assert json.loads(sent["X-Mailin-custom"])


def test_a_reply_to_a_mail_of_an_agent_goes_to_nobody(receive, organisation, agent):
    theirs = MessageFactory(
        organisation=organisation, usager=None, agent=agent, channel="email", recipient=agent.email
    )
    assert receive(to(theirs)) == []
