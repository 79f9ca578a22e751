"""Files damaged in every way, dropped on the page that takes them, then previewed when they can be read.

`python -m benchmarks damaged_files` gives 2 000; tests/web/agents/imports/test_damaged.py does it small.
"""

import re
import resource
from collections import Counter
from collections.abc import Iterable
from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from benchmarks import population
from benchmarks.measure import Figure, stopwatch
from rdv_insertion.agents.models import Agent, AgentRole
from rdv_insertion.imports import columns, preview
from rdv_insertion.imports.enums import Stage
from rdv_insertion.imports.models import ImportRun
from rdv_insertion.imports.read import UnreadableFile
from rdv_insertion.usagers.models import Usager
from tests.imports.damaged import DamagedFile, damaged_files

FILES = 2_000
_SENTENCE = re.compile(r"data-import-refusal>.*?<p><a[^>]*>(.*?)</a>", re.DOTALL)
_FRENCH = re.compile(r"[A-ZÀÉÊ][^<>{}]{15,}\.")


def measure() -> list[Figure]:
    """What became of them all."""
    agent = _an_agent()
    with stopwatch() as watch:
        outcomes = give(damaged_files(FILES), agent)
    faults = {name: count for name, count in outcomes.items() if name.startswith("fault")}
    said = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    return [
        Figure(f"{FILES:,} damaged files: faults", sum(faults.values()), unit="", goal=0.5, compared=said),
        Figure("of which time, each", watch.milliseconds / FILES),
        Figure(
            "memory of this process at most",
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            unit="MB",
            goal=300,
        ),
    ]


def _an_agent() -> Agent:
    organisation = population.an_organisation()
    population.a_configuration(organisation)
    agent = Agent.objects.create_user(email="agent@drome.test")
    AgentRole.objects.create(agent=agent, organisation=organisation)
    return agent


def give(files: Iterable[DamagedFile], agent: Agent) -> Counter[str]:
    """Drop each on the page: `refused` in French, `previewed`, or `fault…`; nobody is written."""
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(agent)
    outcomes: Counter[str] = Counter()
    people = Usager.objects.count()
    for file in files:
        outcomes[_outcome(client, file)] += 1
    if Usager.objects.count() != people:
        outcomes["fault: people were written"] += 1
    return outcomes


def _outcome(client: Client, file: DamagedFile) -> str:
    runs = ImportRun.objects.count()
    upload = SimpleUploadedFile(file.name, file.content)
    answer = client.post(reverse("import_new"), {"file": upload, "category": "", "routing": "here"})
    if answer.status_code == 302:
        return _previewed(client, ImportRun.objects.latest("pk"))
    if answer.status_code != 200 or ImportRun.objects.count() != runs:
        return f"fault: {file.family} answered {answer.status_code}"
    return "refused" if _sentence(answer) else f"fault: {file.family} without a sentence"


def _sentence(answer: Any) -> str:
    """What the page says of the file."""
    said = unescape(" ".join(_SENTENCE.findall(answer.content.decode())))
    return found.group() if (found := _FRENCH.search(said)) else ""


def _previewed(client: Client, run: ImportRun) -> str:
    """A damaged file may be read all the same; its columns are then taken as an agent would."""
    if run.stage == Stage.COLUMNS:
        try:
            columns.check(preview.header_of(run), run.columns)
        except UnreadableFile:
            return "read, columns to name"
        chosen = {f"colonne-{place}": attribute for place, attribute in enumerate(run.columns)}
        answer = client.post(reverse("import_columns", args=[run.pk]), chosen)
        if answer.status_code != 302:
            return f"fault: columns answered {answer.status_code}"
    answer = client.get(reverse("import_preview", args=[run.pk]), follow=True)
    return "previewed" if answer.status_code == 200 else f"fault: preview answered {answer.status_code}"
