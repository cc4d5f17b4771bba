"""Pages of statements: from the incident to the draft, publishing, and what the public sees."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from comms.models import Notice
from core import clock
from core.roles import Role
from crisis.models import IncidentNotice, Statement
from crisis.panels import built
from crisis.statements import services
from investors.models import Investor
from tests.builders import approved_template, make_investors
from tests.core.builders import make_line, make_user, sign_in
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.speaking import make_draft, make_published, officer, wording

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def visitor(role: Role = Role.CRISIS_OFFICER, **options) -> Client:
    return sign_in(Client(), make_user(role, lines=[make_line()]), **options)


def page(client: Client, name: str, *args, **query) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def filled(**changes) -> dict:
    return {
        "title": "Orders fail", "criticality": "important", "parallel": ["sms"],
        "hit_systems": "Order gateway", "value_since": "09:30", "reason": "outage", **changes,
    }  # fmt: skip


def notify(client: Client, incident, **changes):
    version = approved_template()
    address = f"{reverse('crisis-notify', args=[incident.pk])}?version={version.pk}"
    return client.post(address, filled(**changes))


def test_the_form_knows_whom_the_incident_hit():
    hit = make_investors(2)
    make_investors(1)
    Investor.objects.filter(pk__in=hit).update(systems=["order gateway"])
    incident = make_incident(scope={"systems": ["Order gateway"]})
    shown = page(visitor(), "crisis-notify", incident.pk, version=approved_template().pk)
    assert 'value="Order gateway"' in shown
    assert "finds 2 active investors" in shown and "Of 1 active investor nothing" in shown


def test_without_a_version_approved_wordings_are_offered():
    version = approved_template()
    shown = page(visitor(), "crisis-notify", make_incident().pk)
    assert f"?version={version.pk}" in shown


def test_one_form_makes_the_draft_and_the_link():
    make_investors(1)
    incident = make_incident()
    answer = notify(visitor(), incident)
    notice = Notice.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("notice-detail", args=[notice.pk])
    assert notice.audience == {"line": "retail", "systems": ["order gateway"]}
    assert IncidentNotice.objects.get().incident == incident
    assert notice.code in page(visitor(), "crisis-statements", incident.pk)


def test_a_list_with_bad_rows_names_them_and_keeps_the_form():
    make_investors(1)
    upload = SimpleUploadedFile("list.csv", b"ref\nNOBODY-7\n")
    answer = notify(visitor(), make_incident(), upload=upload, hit_systems="", title="Kept title")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "NOBODY-7" in shown and "Kept title" in shown
    assert not Notice.objects.exists()


def test_a_statement_goes_from_form_to_public():
    incident, version = make_incident(), wording()
    author, other = visitor(), visitor(Role.REVIEWER, stepped_up=True)
    address = f"{reverse('crisis-statement-new', args=[incident.pk])}?version={version.pk}"
    saved = author.post(
        address, {"phase": "identified", "places": ["public"], "value_since": "09:30"}
    )
    made = Statement.objects.get()
    assert saved.url == reverse("crisis-statement", args=[made.pk])
    assert "waits for a second person" in author.get(saved.url).content.decode()
    assert "Publish</button>" in page(other, "crisis-statement", made.pk)
    other.post(reverse("crisis-statement-publish", args=[made.pk]))
    made.refresh_from_db()
    assert made.state == "published"
    assert "Trading system outage" in page(Client(), "status", lang="en")


def test_publishing_needs_a_fresh_factor():
    made = make_draft()
    answer = visitor(Role.REVIEWER).post(reverse("crisis-statement-publish", args=[made.pk]))
    assert answer.status_code in {302, 303} and "step-up" in answer.url
    made.refresh_from_db()
    assert made.state == "draft"


def test_the_status_page_is_quiet_when_nothing_is_said():
    make_incident("Secret title")
    shown = page(Client(), "status", lang="en")
    assert "All systems work" in shown and "Secret title" not in shown


def test_the_status_page_has_no_cookie_no_name_and_a_validator():
    author = officer()
    made = make_draft(make_incident("Internal words"), actor=author)
    services.publish(statement_id=made.pk, actor=make_actor(Role.RELEASER), now=clock.now())
    client = Client()
    answer = client.get(reverse("status"), {"lang": "zh-hans"})
    body = answer.content.decode()
    assert not answer.cookies and "交易系统中断" in body
    assert "public" in answer["Cache-Control"] and "max-age=30" in answer["Cache-Control"]
    for private in ("Internal words", author.label, "INC-"):
        assert private not in body
    again = client.get(
        reverse("status"), {"lang": "zh-hans"}, headers={"If-None-Match": answer["ETag"]}
    )
    assert again.status_code == 304
    assert "default-src" in answer["Content-Security-Policy"]
    assert "<script" not in body


def test_an_exercise_is_nowhere_public():
    make_published(make_incident(exercise=True))
    assert "All systems work" in page(Client(), "status", lang="en")
    assert "<entry>" not in page(Client(), "status-feed", lang="en")


def test_what_is_resolved_moves_below():
    incident = make_incident()
    make_published(incident)
    make_published(incident, phase="resolved")
    shown = page(Client(), "status", lang="en")
    assert "All systems work" in shown and "Over in the last 30 days" in shown


def test_the_feed_is_atom():
    made = make_published()
    feed = ElementTree.fromstring(page(Client(), "status-feed", lang="en"))
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{made.pk}"
    assert "Trading system outage" in entry.findtext(f"{ATOM}title")
    assert feed.find(f"{ATOM}link[@rel='self']").get("href").endswith("lang=en")


def test_internal_updates_stay_on_the_page_of_the_staff():
    incident = make_incident()
    visitor().post(reverse("crisis-update", args=[incident.pk]), {"text": "Vendor blames us"})
    assert "Vendor blames us" in page(visitor(), "crisis-statements", incident.pk)


def test_an_exercise_says_so_on_every_page():
    incident = make_incident(exercise=True)
    made = make_draft(incident)
    notify(visitor(), incident)
    for name, *args in (
        ("crisis-statements", incident.pk), ("crisis-statement", made.pk),
        ("crisis-notify", incident.pk), ("crisis-statement-new", incident.pk),
        ("notice-detail", Notice.objects.get().pk),
    ):  # fmt: skip
        assert "EXERCISE" in page(visitor(), name, *args)


def test_the_panel_shows_what_is_owed():
    incident = make_incident()
    shown = {panel["name"]: panel for panel in built(incident, officer(), clock.now())}
    assert shown["statements"]["may_notify"] and shown["statements"]["latest"] is None


def test_a_missing_bulletin_is_shown(django_assert_max_num_queries):
    import datetime as dt

    from crisis.models import Incident

    incident = make_incident()
    then = clock.now() - dt.timedelta(days=2, hours=1)
    incident.verified_at = then
    from crisis.statements import rules, selectors

    assert isinstance(incident, Incident)
    rounds = selectors.bulletins(incident, clock.now())
    assert [each.number for each in rules.missed(rounds, clock.now())] == [1, 2]
