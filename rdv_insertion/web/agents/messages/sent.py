"""How many messages left, day by day, and what became of them: figures, a chart, the table behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdv_insertion.invitations.services.postal import waiting_letters
from rdv_insertion.kernel import dates
from rdv_insertion.kernel.text import grouped, plural
from rdv_insertion.messaging.enums import Channel
from rdv_insertion.messaging.statistics import LEFT, MessageStatistics, Result, message_statistics
from rdv_insertion.pilotage.rdv_statistics import Line, Step
from rdv_insertion.pilotage.tables import Cell, content_of
from rdv_insertion.web.agents.messages.tabs import Asked, asked
from rdv_insertion.web.agents.steering.charts import Chart, standing
from rdv_insertion.web.agents.steering.rdvs import XLSX

PERIODS = (7, 30, 90)
_BY_DEFAULT = 30
_DAYS_OF_A_PHONE = 7
# Sent and received as agents count: what is received was sent. The words are those of the page of a run.
_NUMBERS = ("Écrits", "Envoyés", "Dont reçus", "En échec", "En attente", "À imprimer", "Jamais partis")
_COLUMNS = ("Jour", "Canal", *_NUMBERS)


@dataclass(frozen=True)
class Figure:
    """A number at the top of the page, and what it counts."""

    label: str
    value: str
    counted: str


@dataclass(frozen=True)
class Period:
    """What the address asks for."""

    days: int
    channel: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Period":
        """`?jours=` is one of PERIODS, `?canal=` a channel; what makes no sense is left aside."""
        days = next((one for one in PERIODS if str(one) == request.GET.get("jours")), _BY_DEFAULT)
        channel = request.GET.get("canal", "")
        return cls(days, channel if channel in Channel.values else "")


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The messages to people of the last 30 days, or of `?jours=`, by all channels or by `?canal=`."""
    about, period = asked(request, slug), Period.of(request)
    everything = _statistics(about, period)
    statistics = everything.of_channel(period.channel)
    context = {
        **about.context("messages_sent"),
        "period": period,
        "periods": PERIODS,
        "channels": Channel.choices,
        "anything": bool(everything.tallies),
        "statistics": statistics,
        "figures": _figures(statistics, period),
        "chart": _chart(statistics),
        "results": [(result.name.lower(), result.label) for result in Result if statistics.count([result])],
        "columns": _COLUMNS,
        "by_channel": _by_channel(statistics),
        "rows": _rows(statistics),
    }
    return render(request, "agents/messages/sent.html", context)


@require_safe
def table(request: HttpRequest, slug: str) -> HttpResponse:
    """The same table as a spreadsheet. It counts messages: nobody is named in it."""
    about, period = asked(request, slug), Period.of(request)
    rows = _rows(_statistics(about, period).of_channel(period.channel))
    content = content_of({"Messages": (_COLUMNS, rows)})
    today = about.now.astimezone(about.organisation.time_zone).date()
    filename = f"messages-{about.organisation.slug}-{today:%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _statistics(about: Asked, period: Period) -> MessageStatistics:
    """Today included."""
    today = about.now.astimezone(about.organisation.time_zone).date()
    letters = waiting_letters(about.organisation, now=about.now)
    first_day = today - timedelta(days=period.days - 1)
    return message_statistics(about.organisation, first_day, today, letters=letters)


def _figures(statistics: MessageStatistics, period: Period) -> list[Figure]:
    written, left = statistics.count(), statistics.count(LEFT)
    received, failed = statistics.count([Result.RECEIVED]), statistics.count([Result.FAILED])
    waiting, to_print = statistics.count([Result.WAITING]), statistics.count([Result.TO_PRINT])
    figures = [Figure("Envoyés", grouped(left), f"sur {plural(written, 'message écrit', 'messages écrits')}")]
    if period.channel != Channel.LETTER:
        figures += [
            Figure("Reçus", grouped(received), f"{_percent(received, left)} des envoyés"),
            Figure("En échec", grouped(failed), f"{_percent(failed, written)} des messages écrits"),
            Figure("En attente", grouped(waiting), "pas encore partis"),
        ]
    if period.channel in ("", Channel.LETTER):
        figures.append(Figure("À imprimer", grouped(to_print), "courriers déjà écrits"))
    if period.channel in ("", Channel.SMS):
        counted = "un long texte en compte plusieurs"
        figures.append(Figure("SMS facturés", grouped(statistics.segments), counted))
    return figures


def _percent(part: int, whole: int) -> str:
    return "0\u00a0%" if not whole else f"{part * 100 / whole:.0f}\u00a0%"


def _chart(statistics: MessageStatistics) -> Chart:
    """One column a day; on a phone, one bar a week when there are more than seven."""
    counts = statistics.by_day()
    days = [Line(dates.long_date(day), counts.get(day, {}), day) for day in statistics.days]
    return standing(
        "Combien de messages par jour ?", days, Step.DAY, states=Result, narrow=_narrow(days, statistics.days)
    )


def _narrow(lines: Sequence[Line], days: Sequence[date]) -> list[Line]:
    if len(days) <= _DAYS_OF_A_PHONE:
        return list(lines)
    weeks: dict[date, dict[str, int]] = {}
    for line, day in zip(lines, days, strict=True):
        counts = weeks.setdefault(day - timedelta(days=day.weekday()), {})
        for state, count in line.counts.items():
            counts[state] = counts.get(state, 0) + count
    return [Line(f"Semaine du {monday:%d/%m/%Y}", counts, monday) for monday, counts in weeks.items()]


def _by_channel(statistics: MessageStatistics) -> list[list[Cell]]:
    return [[str(channel.label), *_numbers(counts)] for channel, counts in statistics.by_channel()]


def _rows(statistics: MessageStatistics) -> list[list[Cell]]:
    return [[day, str(channel.label), *_numbers(counts)] for day, channel, counts in statistics.rows()]


def _numbers(counts: Mapping[Result, int]) -> list[int]:
    """In the order of _NUMBERS."""
    one_by_one = (Result.RECEIVED, Result.FAILED, Result.WAITING, Result.TO_PRINT, Result.USELESS)
    sent = sum(counts.get(result, 0) for result in LEFT)
    return [sum(counts.values()), sent, *(counts.get(result, 0) for result in one_by_one)]
