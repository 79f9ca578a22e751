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

from rdv_insertion.imports import services as imports
from rdv_insertion.imports.models import ImportRun
from tests.factories import (
    FollowUpFactory,
    InvitationFactory,
    MotifFactory,
    ParticipationFactory,
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
    # Its rdv is already taken: it leads there.
    "open_invitation": everybody(FOUND),
    "book_places": everybody(FOUND),
    "book_slots": everybody(FOUND),
    "book_confirm": everybody(FOUND),
    "rdv": everybody(),
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
    "usager": of_the_organisation(),
    "usager_edit": of_the_organisation(),
    "invite_follow_up": of_the_organisation(FOUND, "post"),
    "close_follow_up": of_the_organisation(FOUND, "post"),
    "reopen_follow_up": of_the_organisation(FOUND, "post"),
    "invitation_letter": of_the_organisation(),
    "record_participation": of_the_organisation(FOUND, "post"),
    "agenda": any_agent(),
    # Imports: the run of the world is being checked, so that later steps lead back to it
    "imports": any_agent(),
    "import_new": any_agent(),
    "import_run": of_the_organisation(FOUND),
    "import_columns": of_the_organisation(),
    "import_preview": of_the_organisation(),
    "import_select": of_the_organisation(FOUND, "post"),
    "import_decide": of_the_organisation(FOUND, "post"),
    "import_writing": of_the_organisation(FOUND),
    "import_start_again": of_the_organisation(FOUND, "post"),
    "import_invitation": of_the_organisation(FOUND),
    "import_skip_invitation": of_the_organisation(FOUND, "post"),
    "import_letters": of_the_organisation(FOUND),
    # The demonstration, which production does not have
    "demo_messages": everybody(),
    "demo_mail_body": everybody(NOT_FOUND),
    "demo_mail_event": everybody(NOT_FOUND),
    "demo_letter": everybody(NOT_FOUND),
}


@dataclass(frozen=True)
class World:
    """One of everything, in the organisation of the personas."""

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
        about_rdv = name.startswith(("rdv", "move", "cancel"))
        return self.values["rdv_code"] if parameter == "code" and about_rdv else self.values[parameter]


# Addresses without a name of their own: what somebody types who forgets the code.
_UNNAMED = {"^(?:r|rdv)/?$": "short_address"}


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry.name or _UNNAMED.get(str(entry.pattern), str(entry.pattern)), entry


def _parameters(name: str) -> list[list[str]]:
    return [
        list(entry.pattern.regex.groupindex) for known, entry in _patterns(get_resolver()) if known == name
    ]


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


@pytest.fixture
def world(organisation, configuration, agent) -> World:
    follow_up = FollowUpFactory(organisation=organisation, motif_category=configuration.motif_category)
    invitation = InvitationFactory(follow_up=follow_up, organisation=organisation, channel="postal")
    motif = MotifFactory(organisation=organisation, motif_category=configuration.motif_category)
    rdv = RdvFactory(motif=motif, agents=[agent])
    participation = ParticipationFactory(rdv=rdv, usager=follow_up.usager, follow_up=follow_up)
    return World(
        {
            "slug": organisation.slug,
            "usager_id": follow_up.usager_id,
            "follow_up_id": follow_up.pk,
            "invitation_id": invitation.pk,
            "participation_id": participation.pk,
            "code": invitation.code,
            "rdv_code": participation.code,
            "key": f"lieu-{rdv.lieu_id}",
            "moment": "2026-01-05T09:00",
            "run_id": checked_run(organisation, configuration, agent).pk,
            "number": 2,
            "name": "inconnu",
            "message_id": 0,
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
