"""What a filter finds is what passes it, whatever indexes are walked."""

from __future__ import annotations

import datetime as dt
import json
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.browsing import labels, rules, selectors
from audit.browsing.questions import first_id
from audit.browsing.rules import Kind, RecordFilter
from audit.canonical import canonical_text
from audit.leaf import Entry, Subjects
from audit.models import Leaf, Record
from audit.record import record_many
from core.errors import InvalidInput

pytestmark = pytest.mark.django_db(transaction=True)

START = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)
PEOPLE = [UUID(int=n + 1) for n in range(3)]
ACTIONS = [
    "notice.created", "notice.cancelled", "delivery.accepted", "delivery.failed",
    "template.returned", "template.approved", "import.failed", "odd.thing",
]  # fmt: skip
TEXTS = ["风险提示 Trading halt", "停牌公告", "trading resumed", "x_y%z"]


def entry(
    n: int, *, action: str, at: dt.datetime, skew: dt.timedelta = dt.timedelta(0), **rest: object
) -> Entry:
    """A record whose id was made `skew` after it says it was recorded."""
    payload = {"text": rest.pop("text", ""), "n": n}
    if channel := rest.pop("channel", None):
        payload["channel"] = channel
    return Entry(
        id=UUID(int=first_id(at + skew).int | 7 << 76 | 8 << 60 | n),
        occurred_at=at,
        recorded_at=at,
        action=action,
        actor=str(rest.pop("actor", "system:test")),
        subjects=Subjects(**rest),
        payload=canonical_text(payload),
        sealed=None,
    )


def world() -> list[Entry]:
    """160 records of two days, every 13th with a clock that is days off."""
    made = []
    for n in range(160):
        person = PEOPLE[n % 3]
        made.append(
            entry(
                n,
                action=ACTIONS[n % 8],
                at=START + dt.timedelta(minutes=17 * n),
                skew=dt.timedelta(days=n - 80 if n % 13 == 0 else 0, seconds=n % 7),
                actor=f"user:{person}" if n % 5 else "system:test",
                notice=PEOPLE[n % 2] if n % 4 == 0 else None,
                investor=PEOPLE[n % 3] if n % 3 == 0 else None,
                staff=person if n % 7 == 0 else None,
                object=f"thing:{n % 4}" if n % 6 == 0 else None,
                text=TEXTS[n % 4],
                channel=("sms", "email")[n % 2] if n % 8 in {2, 3} else None,
            )
        )
    return made


@pytest.fixture
def entries() -> list[Entry]:
    made = world()
    with transaction.atomic():
        record_many(made)
    return made


def passes(one: Entry, filters: RecordFilter) -> bool:
    """The filter by the letter, in Python."""
    payload = json.loads(one.payload)
    subjects = one.subjects._asdict()
    plain = {"action": one.action, "actor": one.actor, **subjects}
    same = all(
        plain[name] == getattr(filters, name)
        for name in ("action", "actor", "notice", "investor", "object")
        if getattr(filters, name)
    )
    staff = not filters.staff or filters.staff == one.subjects.staff
    staff = staff or one.actor == f"user:{filters.staff}"
    when = (not filters.since or one.recorded_at >= filters.since) and (
        not filters.end or one.recorded_at < filters.end
    )
    outcome = not filters.outcome or labels.outcome_of(one.action) == filters.outcome
    channel = not filters.channel or payload.get("channel") == filters.channel
    if filters.kind in set(Kind):
        kind = subjects[filters.kind] is not None
    else:
        kind = not filters.kind or (one.subjects.object or "").split(":")[0] == filters.kind
    return all((same, staff, when, outcome, channel, kind)) and says(one, payload, filters)


def says(one: Entry, payload: dict[str, object], filters: RecordFilter) -> bool:
    text = filters.text.strip()
    if not text:
        return True
    if text in {one.actor, one.subjects.object} or labels.called(text, [one.action]):
        return True
    if filters.selective:
        return text.lower() in one.payload.lower()
    area = one.action.partition(".")[0]
    return area not in rules.SILENT_AREAS and text.lower() in str(payload["text"]).lower()


instants = st.integers(-60, 60 * 48).map(lambda minutes: START + dt.timedelta(minutes=minutes))
filters = st.builds(
    RecordFilter,
    text=st.sampled_from(["", "", "", "风险", "停牌公告", "trading", "thing:2", "cancel", "odd"]),
    action=st.sampled_from(["", "", *ACTIONS]),
    actor=st.sampled_from(["", "", "system:test", f"user:{PEOPLE[0]}"]),
    outcome=st.sampled_from(["", "", *rules.Outcome]).map(str),
    channel=st.sampled_from(["", "", "sms", "fax"]),
    kind=st.sampled_from(["", "", "notice", "investor", "thing", "object"]),
    notice=st.sampled_from([None, None, *PEOPLE]),
    investor=st.sampled_from([None, None, *PEOPLE]),
    staff=st.sampled_from([None, None, *PEOPLE]),
    object=st.sampled_from(["", "", "thing:0"]),
    since=st.none() | instants,
    until=st.none() | instants,
    as_of=st.none() | instants,
)
SLOWLY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SLOWLY
@given(filters=filters, size=st.sampled_from([3, 200]))
def test_pages_hold_exactly_what_passes(entries, filters, size):
    expected = sorted((e.id for e in entries if passes(e, filters)), reverse=True)
    found, cursor, back = [], None, None
    while True:
        page = selectors.page_of_records(filters, cursor=cursor, size=size)
        found += [row.pk for row in page]
        if back is not None:
            before = selectors.page_of_records(filters, cursor=page.previous_cursor, size=size)
            assert [row.pk for row in before] == back
        if (cursor := page.next_cursor) is None:
            break
        back = [row.pk for row in page]
    assert found == expected
    assert selectors.count_up_to(filters, 1000) == len(expected)
    first, facets = selectors.first_page(filters, dt.UTC)
    assert [row.pk for row in first] == expected[:50]
    assert (first.next_cursor is not None) == (len(expected) > 50)
    assert facets == selectors.facets(filters, dt.UTC)
    assert facets.found == len(expected)
    assert sum(count for _day, count in facets.days) == len(expected)


def test_an_id_finds_the_record_and_what_is_about_it(entries):
    person = PEOPLE[1]
    page = selectors.page_of_records(RecordFilter(text=str(person)), size=200)
    about = {e.id for e in entries if person in e.subjects or e.actor == f"user:{person}"}
    assert {row.pk for row in page} == about
    one = entries[5]
    assert [row.pk for row in selectors.page_of_records(RecordFilter(text=str(one.id)))] == [one.id]


def test_a_number_finds_a_place_in_the_log(entries):
    Leaf.objects.create(index=4711, record=entries[9].id, hash=b"x" * 32)
    page = selectors.page_of_records(RecordFilter(text="4711"))
    assert [row.pk for row in page] == [entries[9].id]


@pytest.mark.parametrize("cursor", ["", "x", "n", "nzz", "q" + "0" * 32, "🦉"])
def test_a_foreign_cursor_is_refused(entries, cursor):
    if not cursor:
        assert len(selectors.page_of_records(RecordFilter(), cursor=cursor)) == 50
        return
    with pytest.raises(InvalidInput) as refused:
        selectors.page_of_records(RecordFilter(), cursor=cursor)
    assert refused.value.field == "cursor"


def test_a_question_that_takes_too_long_ends_with_advice(entries, monkeypatch):
    monkeypatch.setattr(selectors, "PATIENCE", "1ms")
    with pytest.raises(selectors.TooSlow, match="Add a period"), selectors.patience():
        selectors._rows(selectors.Term("SELECT pg_sleep(5)"))
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
    assert Record.objects.count() == len(entries)
