"""Every address × everybody: the expected answer, enumerated from the router.

A page that is not in RULES fails the suite, so that no page is born without a rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from rdv_insertion.agenda.enums import CreatedBy
from rdv_insertion.agenda.models import Participation, Sector
from rdv_insertion.agenda.services import sectors
from rdv_insertion.agents.services import create_calendar_link
from rdv_insertion.imports import services as imports
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.invitations.enums import InvitationOrigin
from rdv_insertion.invitations.services import runs
from tests.factories import (
    AbsenceFactory,
    FollowUpFactory,
    InvitationFactory,
    MessageFactory,
    MotifFactory,
    ParticipationFactory,
    PlageOuvertureFactory,
    RdvFactory,
)

OK, FOUND, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = 200, 302, 403, 404, 405


@dataclass(frozen=True)
class Rule:
    """Who gets what from one address by GET, or by POST when `method` says so.

    `inside` is an agent of the organisation, `outside` any other agent; `admin` administers the
    organisation, and gets what `inside` gets unless it is said.
    """

    anonymous: int
    inside: int
    outside: int
    method: str = "get"
    admin: int | None = None


def everybody(status: int = OK, method: str = "get") -> Rule:
    """A page without login that tells nothing about anybody."""
    return Rule(status, status, status, method)


def any_agent(status: int = OK, method: str = "get") -> Rule:
    """A page about the agent's own organisations."""
    return Rule(FOUND, status, status, method)


def of_the_organisation(status: int = OK, method: str = "get") -> Rule:
    """A page about something of one organisation: a stranger does not even learn that it exists."""
    return Rule(FOUND, status, NOT_FOUND, method)


def of_the_administrators(status: int = OK, method: str = "get") -> Rule:
    """A page of configuration: a colleague without the right is told so."""
    return Rule(FOUND, FORBIDDEN, NOT_FOUND, method, admin=status)


RULES: dict[str, Rule] = {
    # Everybody
    "home": Rule(OK, FOUND, FOUND),
    "healthz": everybody(),
    "readyz": everybody(),
    "account_login": Rule(OK, FOUND, FOUND),
    "account_request_login_code": Rule(OK, FOUND, FOUND),
    "account_confirm_login_code": Rule(FOUND, FOUND, FOUND),
    "account_inactive": everybody(),
    "account_logout": any_agent(),
    # The person invited: codes open pages, whoever is logged in
    "short_address": everybody(FOUND),
    "type_code": everybody(),
    "choose_language": everybody(FOUND, "post"),
    # Its rdv is already taken: it leads there.
    "open_invitation": everybody(FOUND),
    "book_places": everybody(FOUND),
    "book_slots": everybody(FOUND),
    "book_confirm": everybody(FOUND),
    "book_seat": everybody(FOUND),
    "rdv": everybody(),
    # The name is asked there too, so that the link of a message leads to what it says.
    "earlier_slot": everybody(),
    "wait_for_earlier": everybody(FOUND),
    "rdv_event": everybody(FOUND),
    "cancel": everybody(FOUND),
    "move": everybody(FOUND),
    "move_places": everybody(FOUND),
    "move_slots": everybody(FOUND),
    "move_confirm": everybody(FOUND),
    # Agents
    "organisations": any_agent(FOUND),
    "switch_organisation": of_the_organisation(FOUND),
    "usagers": of_the_organisation(),
    "invite_usagers": of_the_organisation(FOUND, "post"),
    "invitation_runs": of_the_organisation(),
    # The run of the world is being prepared, and holds nobody who may be invited.
    "invitation_run": of_the_organisation(),
    "invitation_run_choices": of_the_organisation(FOUND, "post"),
    "invitation_run_ask": of_the_organisation(),
    "invitation_run_launch": of_the_organisation(400, "post"),
    # A run that is over cannot be stopped: it leads there. Whoever comes second finds it gone.
    "invitation_run_abandon": Rule(FOUND, FOUND, NOT_FOUND, "post", admin=NOT_FOUND),
    "invitation_run_stop": of_the_organisation(FOUND, "post"),
    "invitation_run_resume": of_the_organisation(FOUND, "post"),
    "invitation_run_send_again": of_the_organisation(FOUND, "post"),
    # It has no letter, and none was printed then.
    "invitation_run_letters": Rule(FOUND, NOT_FOUND, NOT_FOUND, "post"),
    "letters": of_the_organisation(),
    "letters_print": of_the_organisation(FOUND, "post"),
    "letters_pdf": Rule(FOUND, NOT_FOUND, NOT_FOUND),
    # Which category must be said.
    "free_slots": Rule(FOUND, NOT_FOUND, NOT_FOUND),
    "usager": of_the_organisation(),
    "usager_edit": of_the_organisation(),
    "archive_usager": of_the_organisation(),
    # They are not archived: it says so.
    "unarchive_usager": of_the_organisation(FOUND, "post"),
    "invite_follow_up": of_the_organisation(FOUND, "post"),
    "close_follow_up": of_the_organisation(FOUND, "post"),
    "reopen_follow_up": of_the_organisation(FOUND, "post"),
    "record_participation": of_the_organisation(FOUND, "post"),
    "evidence": of_the_organisation(),
    "evidence_pdf": of_the_organisation(),
    # Nobody is summoned in this world: it says so on the page of the rdv.
    "convocation_letter": of_the_organisation(FOUND, "post"),
    "summon": of_the_organisation(),
    "agenda": any_agent(),
    "agenda_table": any_agent(),
    "agenda_events": any_agent(),
    "agenda_print": any_agent(),
    "agenda_preferences": any_agent(OK, "post"),
    # Without hours it answers that it cannot read them.
    "agenda_move": of_the_organisation(400, "post"),
    # Rdvs: the motif asked for is that of the organisation; the prescription is that of one agent
    "find_slot": any_agent(),
    "find_slot_confirm": any_agent(NOT_FOUND),
    "find_partner_slot": any_agent(),
    "prescribe": any_agent(NOT_FOUND),
    "prescription_done": Rule(FOUND, OK, NOT_FOUND, admin=NOT_FOUND),
    "rdv_new": any_agent(),
    "rdv_show": of_the_organisation(),
    "rdv_edit": of_the_organisation(),
    "rdv_cancel": of_the_organisation(),
    "rdv_day": any_agent(),
    "record_day": any_agent(FOUND, "post"),
    "undo_day": any_agent(FOUND, "post"),
    "collective_rdvs": any_agent(),
    "collective_new": any_agent(),
    "collective_duplicate": of_the_organisation(),
    "collective_people": of_the_organisation(),
    # It has not begun.
    "collective_attendance": of_the_organisation(FOUND),
    # Steering: nobody of the world has the right to export
    "rdv_statistics": any_agent(),
    "rdv_statistics_tables": any_agent(),
    "rdvs": any_agent(),
    "rdvs_export": any_agent(FORBIDDEN),
    # The agent's own account; their calendar opens with its secret, whoever reads it
    "account": any_agent(),
    "account_notifications": any_agent(FOUND, "post"),
    "account_calendar_create": any_agent(FOUND, "post"),
    "account_calendar_change": any_agent(FOUND, "post"),
    "account_calendar_delete": any_agent(FOUND, "post"),
    "calendar_feed": everybody(),
    # Messages of an organisation, and one of them, a mail that stopped
    "messages_sent": of_the_organisation(),
    "messages_table": of_the_organisation(),
    "messages_to_correct": of_the_organisation(),
    "messages_stopped": of_the_organisation(),
    "messages_waiting": of_the_organisation(),
    "messages_send_again": of_the_organisation(FOUND, "post"),
    "message_mail": of_the_organisation(),
    # It is no letter.
    "message_letter": of_the_organisation(NOT_FOUND),
    "message_send_again": of_the_organisation(FOUND, "post"),
    # Sectors
    # Plages and absences: the agent's own; the configuration of motifs and lieux
    "plages": any_agent(),
    "plage_new": any_agent(),
    "plage_edit": of_the_organisation(),
    "plage_delete": of_the_organisation(),
    "absences": any_agent(),
    "absence_new": any_agent(),
    "absence_edit": of_the_organisation(),
    "absence_delete": of_the_organisation(),
    "recurrence_words": any_agent(OK, "post"),
    "undo_opening": any_agent(FOUND, "post"),
    "configuration": of_the_administrators(),
    "configuration_categories": of_the_administrators(),
    "configuration_category_new": of_the_administrators(),
    "configuration_category": of_the_administrators(),
    "configuration_category_move": of_the_administrators(FOUND, "post"),
    "configuration_category_delete": of_the_administrators(),
    "configuration_category_words": of_the_administrators(),
    "configuration_category_mail": of_the_administrators(),
    "configuration_category_letter": of_the_administrators(),
    "configuration_category_history": of_the_administrators(),
    # Nobody of the world has written that version.
    "configuration_category_restore": of_the_administrators(NOT_FOUND, "post"),
    "configuration_messages": of_the_administrators(),
    "configuration_messages_sender": of_the_administrators(FOUND, "post"),
    "configuration_messages_budget": of_the_administrators(FOUND, "post"),
    "configuration_messages_sending": of_the_administrators(FOUND, "post"),
    "configuration_messages_letterhead": of_the_administrators(OK, "post"),
    # The picture asked for is not signed for the organisation.
    "configuration_messages_picture": of_the_administrators(NOT_FOUND),
    "configuration_messages_history": of_the_administrators(),
    "configuration_messages_restore": of_the_administrators(NOT_FOUND, "post"),
    "motifs": of_the_administrators(),
    "motif_new": of_the_administrators(),
    "motif_edit": of_the_administrators(),
    "motif_preview": of_the_administrators(OK, "post"),
    "motif_duplicate": of_the_administrators(),
    "motif_delete": of_the_administrators(),
    "motif_restore": of_the_administrators(FOUND, "post"),
    "lieux": of_the_administrators(),
    "lieu_new": of_the_administrators(),
    "lieu_edit": of_the_administrators(),
    "lieu_open": of_the_administrators(FOUND, "post"),
    "lieu_delete": of_the_administrators(),
    "sectors": of_the_administrators(),
    "sector_add": of_the_administrators(),
    "sector": of_the_administrators(),
    "sector_edit": of_the_administrators(),
    "sector_delete": of_the_administrators(),
    "zone_add": of_the_administrators(FOUND, "post"),
    "zone_remove": of_the_administrators(FOUND, "post"),
    "attribution_add": of_the_administrators(FOUND, "post"),
    "attribution_remove": of_the_administrators(FOUND, "post"),
    "sectors_import": of_the_administrators(),
    "sectors_import_apply": of_the_administrators(FOUND, "post"),
    "sectors_export": of_the_administrators(),
    "sectors_template": of_the_administrators(),
    "who_serves": of_the_organisation(),
    "watched_folder": of_the_administrators(),
    # Imports: the run of the world is being checked, so that later steps lead back to it
    "imports": any_agent(),
    "import_new": any_agent(),
    "import_run": of_the_organisation(FOUND),
    "import_model_xlsx": any_agent(),
    "import_model_csv": any_agent(),
    "import_columns": of_the_organisation(),
    # The sheet is that of the run, but no row is asked for: it is told there.
    "import_table": of_the_organisation(FOUND, "post"),
    # It is checked already: it leads there.
    "import_checking": of_the_organisation(FOUND),
    "import_checking_state": of_the_organisation(),
    "import_preview": of_the_organisation(),
    "import_select": of_the_organisation(FOUND, "post"),
    "import_decide": of_the_organisation(FOUND, "post"),
    "import_row": of_the_organisation(),
    "import_duplicates": of_the_organisation(),
    "import_several": of_the_organisation(FOUND, "post"),
    "import_several_undo": of_the_organisation(FOUND, "post"),
    "import_create_tags": of_the_organisation(FOUND, "post"),
    "import_add_referents": of_the_administrators(FOUND, "post"),
    "import_writing": of_the_organisation(FOUND),
    "import_start_again": of_the_organisation(FOUND, "post"),
    "import_invitation": of_the_organisation(FOUND),
    "import_skip_invitation": of_the_organisation(FOUND, "post"),
    "import_letters": of_the_organisation(FOUND, "post"),
    "import_slots": of_the_organisation(FOUND),
    "import_ask_slots": of_the_organisation(FOUND),
    "import_send_again": of_the_organisation(FOUND, "post"),
    "import_undo": of_the_organisation(FOUND),
    "import_report": of_the_organisation(),
    # Providers prove themselves with a secret, whoever is logged in; here it is wrong
    "callback": everybody(NOT_FOUND, "post"),
    "callback_with_secret": everybody(NOT_FOUND, "post"),
    "callback_of_message": everybody(NOT_FOUND, "post"),
    # The demonstration, which production does not have
    "demo_tour": everybody(),
    "demo_go": everybody(NOT_FOUND, "post"),
    "demo_answer": everybody(NOT_FOUND, "post"),
    "demo_messages": everybody(),
    "demo_mail_body": everybody(NOT_FOUND),
    "demo_mail_event": everybody(NOT_FOUND),
    "demo_letter": everybody(NOT_FOUND),
}


@dataclass(frozen=True)
class World:
    """One of everything, in the organisation of the personas; what is long to make is made when asked for."""

    values: dict[str, Any]
    form: dict[str, Any]

    def address(self, name: str) -> str:
        """The address of a page about the things of this world."""
        if name == "short_address":
            return "/r/"
        wanted = next(
            parameters
            for parameters in _parameters(name)
            if all(parameter in self.values for parameter in parameters)
        )
        address = reverse(name, kwargs={parameter: self._value(name, parameter) for parameter in wanted})
        return f"{address}?organisation={self.values['slug']}" if name == "switch_organisation" else address

    def _value(self, name: str, parameter: str) -> Any:
        about_rdv = name.startswith(("rdv", "move", "cancel", "earlier_slot", "wait_for"))
        value = self.values["rdv_code" if parameter == "code" and about_rdv else parameter]
        return value() if callable(value) else value


# Addresses without a name of their own: what somebody types who forgets the code.
_UNNAMED = {"^(?:r|rdv)/?$": "short_address"}


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry.name or _UNNAMED.get(str(entry.pattern), str(entry.pattern)), entry


def _parameters(name: str) -> list[list[str]]:
    """The parameters of each address of this name, those of the folders that it is in included."""
    known = get_resolver().reverse_dict.getlist(name)
    return [parameters for possibilities, *_ in known for _, parameters in possibilities]


NAMES = sorted({name for name, _ in _patterns(get_resolver())})


def checked_run(organisation, configuration, agent) -> ImportRun:
    """An import of one person, at the step of verification."""
    run = imports.start(
        organisation=organisation,
        motif_category=configuration.motif_category,
        agent=agent,
        file=imports.File("liste.csv", "Nom;Prénom;Mail\nVivier;Anne;anne@vivier.test".encode()),
        now=timezone.now(),
    )
    imports.set_columns(run=run, columns=run.columns, now=timezone.now())
    return run


def served_sector(organisation) -> Sector:
    """A sector of the department, with a town, that the organisation serves."""
    sector = sectors.save_sector(department=organisation.department, name="Die", human_id="die")
    sectors.add_zone(sector=sector, place=sectors.Place("26113"))
    sectors.attribute(sector=sector, organisation=organisation)
    return sector


def prescription_by(agent) -> Participation:
    """A rdv that the agent took for somebody in the agenda of another organisation."""
    return ParticipationFactory(created_by=CreatedBy.PRESCRIPTEUR, created_by_agent=agent)


@pytest.fixture
def world(organisation, configuration, agent) -> World:
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    invitation = InvitationFactory(follow_up=follow_up, organisation=organisation, channel="postal")
    run = runs.prepare(
        configuration=configuration,
        follow_ups=[],
        origin=InvitationOrigin.USERS_INDEX_PAGE,
        agent=agent,
        now=timezone.now(),
    )
    motif = MotifFactory(organisation=organisation, motif_category=configuration.motif_category)
    atelier = MotifFactory(organisation=organisation, collectif=True)
    rdv = RdvFactory(motif=motif, agents=[agent])
    participation = ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)
    sector = served_sector(organisation)
    mail = MessageFactory(organisation=organisation, channel="email", status="technical_failure")
    return World(
        {
            "slug": organisation.slug,
            "usager_id": follow_up.usager_id,
            "follow_up_id": follow_up.pk,
            "invitation_id": invitation.pk,
            "invitation_run_id": run.pk,
            "participation_id": participation.pk,
            "code": invitation.code,
            "rdv_code": participation.code,
            "rdv_id": rdv.pk,
            "collective_id": lambda: RdvFactory(motif=atelier).pk,
            "prescription_id": lambda: prescription_by(agent).pk,
            "key": f"lieu-{rdv.lieu_id}",
            "moment": "2026-01-05T09:00",
            "run_id": lambda: checked_run(organisation, configuration, agent).pk,
            "sector_id": sector.pk,
            "zone_id": lambda: sector.zones.get().pk,
            "attribution_id": lambda: sector.attributions.get().pk,
            "plage_id": lambda: PlageOuvertureFactory(motif=motif, agent=agent).pk,
            "absence_id": lambda: AbsenceFactory(agent=agent).pk,
            "motif_id": motif.pk,
            "configuration_id": configuration.pk,
            "picture_key": "inconnue",
            "version": 7,
            "lieu_id": rdv.lieu_id,
            "number": 2,
            "name": "inconnu",
            "secret": lambda: create_calendar_link(agent=agent),
            "message_id": mail.pk,
            "source": "generic",
            "callback_secret": "wrong",
        },
        form={"suivi": configuration.motif_category.short_name},
    )


def test_every_page_has_a_rule():
    assert settings.LOGIN_URL
    assert [name for name in NAMES if name not in RULES] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_page_answers_each_caller_as_its_rule_says(
    name, world, agent, admin, colleague_elsewhere, stranger
):
    rule, address = RULES[name], world.address(name)
    answers = {}
    for caller in (None, stranger, colleague_elsewhere, agent, admin):
        browser = Client()
        if caller:
            browser.force_login(caller)
        answers[caller] = getattr(browser, rule.method)(
            address, world.form if rule.method == "post" else {}
        ).status_code
    assert answers == {
        None: rule.anonymous,
        stranger: rule.outside,
        colleague_elsewhere: rule.outside,
        agent: rule.inside,
        admin: rule.inside if rule.admin is None else rule.admin,
    }


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.method == "post"])
def test_a_page_that_changes_something_refuses_get(name, world, agent_client):
    assert agent_client.get(world.address(name)).status_code == NOT_ALLOWED


def test_a_form_without_its_token_is_refused(world, agent):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent)
    assert browser.post(world.address("close_follow_up")).status_code == 403
