"""The rows that planning and sending work on."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection, transaction

from core.errors import NotFound
from investors import selectors
from investors.models import Investor
from investors.rules import Audience, Candidate
from tests.investors import builders
from tests.investors.builders import investor

EVERYONE = Audience(everyone=True)


def streamed(audience: Audience, batch: int = 2) -> list[Candidate]:
    pages = selectors.stream_candidates(audience=audience, topic_code="market_news", batch=batch)
    return [candidate for page in pages for candidate in page]


def ids(audience: Audience) -> set[UUID]:
    return {candidate.investor_id for candidate in streamed(audience)}


@pytest.mark.django_db
def test_an_audience_is_streamed_in_batches_in_the_order_of_ids() -> None:
    made = sorted(investor(str(number)) for number in range(5))
    pages = list(selectors.stream_candidates(audience=EVERYONE, topic_code="market_news", batch=2))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [candidate.investor_id for page in pages for candidate in page] == made


@pytest.mark.django_db
def test_the_three_ways_of_asking_give_the_same_rows() -> None:
    made = [investor(str(number)) for number in range(3)]
    rows = streamed(EVERYONE)
    standing = selectors.current_standing(made, "market_news")
    paged = selectors.candidates_after(EVERYONE, "market_news", after=None, limit=10)
    assert rows == paged == [standing[row.investor_id] for row in rows]
    later = selectors.candidates_after(EVERYONE, "market_news", after=rows[0].investor_id, limit=1)
    assert later == rows[1:2]


@pytest.mark.django_db
def test_every_filter_narrows() -> None:
    wealth = builders.line("wealth")
    plain = investor("1", risk_level="R1")
    english = investor("2", language="en", risk_level="R5", account_flags=("margin", "vip"))
    rich = investor("3", line_id=wealth.pk, risk_level="R5")
    assert ids(EVERYONE) == {plain, english, rich}
    assert ids(Audience(line="wealth")) == {rich}
    assert ids(Audience(languages=("en",))) == {english}
    assert ids(Audience(risk_levels=("R5",))) == {english, rich}
    assert ids(Audience(risk_levels=("R5",), line="retail")) == {english}
    assert ids(Audience(account_flags=("vip", "x"))) == {english}
    assert ids(Audience(ids=(plain, rich))) == {plain, rich}
    assert ids(Audience(line="nowhere")) == set()


@pytest.mark.django_db
def test_closed_investors_are_in_no_audience_but_their_standing_is_told() -> None:
    who = investor("1")
    Investor.objects.filter(pk=who).update(status="closed")
    assert ids(EVERYONE) == set()
    assert not selectors.current_standing([who], "market_news")[who].active


@pytest.mark.django_db
def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(NotFound):
        streamed_topic = selectors.stream_candidates(audience=EVERYONE, topic_code="gossip")
        next(streamed_topic)


@pytest.mark.django_db(transaction=True)
def test_the_stream_survives_commits_between_batches() -> None:
    made = [investor(str(number)) for number in range(5)]
    seen = []
    for page in selectors.stream_candidates(audience=EVERYONE, topic_code="market_news", batch=2):
        with transaction.atomic():
            Investor.objects.filter(pk__in=[row.investor_id for row in page]).update(reach=0)
        seen += [row.investor_id for row in page]
    assert sorted(seen) == sorted(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE is_holdable")
        assert cursor.fetchone() == (0,)
