"""The proof of T1 to T3 and T10: every way round four eyes and the legal moves, and two people
who do opposite things at the same moment.

Illegal moves through the ORM and raw SQL run as the application's own role. Races go through the
pages with two signed-in browsers on a committing database, both held at a barrier until both
stand at the door.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core import clock
from core.errors import Forbidden, FourEyesViolation
from core.models import User
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.models import Decision, TemplateVersion
from templates_mgmt.rules import VERSIONS, State
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import (
    FACTS,
    make_approved,
    make_draft,
    make_submitted,
    reviewer,
    save,
)

pytestmark = pytest.mark.django_db


def ended(verb: str, made: Callable[[], TemplateVersion]) -> TemplateVersion:
    return getattr(services, verb)(
        version_id=made().pk, reason="because", actor=reviewer(), now=clock.now()
    )


MAKERS: dict[State, Callable[[], TemplateVersion]] = {
    State.DRAFT: make_draft,
    State.IN_REVIEW: make_submitted,
    State.APPROVED: make_approved,
    State.RETURNED: lambda: ended("return_version", make_submitted),
    State.REJECTED: lambda: ended("reject", make_submitted),
    State.RETIRED: lambda: ended("retire", make_approved),
    State.RECALLED: lambda: ended("recall", make_approved),
}
# Every move but the ones that the table allows; those need a decision, which is tested below.
MOVES = [(old, new) for old, new in product(State, State) if old != new]


class TestMoves:
    @pytest.mark.parametrize("old", State)
    def test_no_state_is_reached_by_the_orm_or_raw_sql_alone(self, old):
        version = MAKERS[old]()
        for new in (state for state in State if state != old):
            with pytest.raises(IntegrityError), transaction.atomic():
                TemplateVersion.objects.filter(pk=version.pk).update(state=new)
            with pytest.raises(IntegrityError), transaction.atomic():
                connection.cursor().execute(
                    "UPDATE templates_mgmt_templateversion SET state = %s, decided_at = now(), "
                    "decided_by_id = %s, reason = 'x' WHERE id = %s",
                    [new, reviewer().user_id, version.pk],
                )
        version.refresh_from_db()
        assert version.state == old

    def test_the_table_has_the_moves_of_the_product_and_no_other(self):
        legal = {(old, new) for old, new in MOVES if (old, new) in VERSIONS.moves}
        assert {(old.value, new.value) for old, new in legal} == {
            ("draft", "in_review"), ("in_review", "approved"), ("in_review", "returned"),
            ("in_review", "rejected"), ("approved", "retired"), ("returned", "retired"),
            ("rejected", "retired"), ("approved", "recalled"), ("retired", "recalled"),
        }  # fmt: skip

    def test_no_trigger_is_switched_off_by_the_application(self):
        for statement in (
            "ALTER TABLE templates_mgmt_templateversion DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
            "DROP TRIGGER templates_version_guard ON templates_mgmt_templateversion",
            "TRUNCATE templates_mgmt_decision CASCADE",
            "SET ROLE vouchsafe_owner",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                connection.cursor().execute(statement)


def contributor() -> User:
    """A superuser with every role who wrote a version."""
    user = make_user(*Role, lines=[make_line()])
    User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    return user


class TestFourEyes:
    def test_not_by_the_service_superuser_or_not(self):
        user = contributor()
        version = make_submitted(actor_of(user))
        with pytest.raises((FourEyesViolation, Forbidden)):
            services.approve(
                version_id=version.pk, shown_hash=version.content_hash, actor=actor_of(user),
                now=clock.now(),
            )  # fmt: skip

    def test_not_by_the_orm_nor_raw_sql(self):
        user = contributor()
        version = make_submitted(actor_of(user))
        words = [version.pk, user.pk, version.content_hash]
        with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
            Decision.objects.create(
                version=version, user=user, decision="approve", at=clock.now(),
                content_hash=version.content_hash,
            )  # fmt: skip
        with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
            connection.cursor().execute(
                "INSERT INTO templates_mgmt_decision (id, version_id, user_id, decision, "
                "content_hash, reason, stage, at) VALUES (gen_random_uuid(), %s, %s, 'approve', "
                "%s, '', 0, now())",
                words,
            )
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(
                "DELETE FROM templates_mgmt_contributor WHERE version_id = %s AND user_id = %s",
                words[:2],
            )

    def test_not_by_the_api_nor_the_page(self, client):
        user = contributor()
        version = make_submitted(actor_of(user))
        sign_in(client, user, stepped_up=True)
        body = {"shown_hash": version.content_hash}
        api = client.post(
            reverse("api-template-version-approve", args=[version.pk]), json.dumps(body),
            content_type="application/json",
        )  # fmt: skip
        assert api.status_code in (401, 403)
        page = client.post(
            reverse("version-decide", args=[version.pk]), {"verb": "approve", **body}
        )
        assert page.status_code == 403
        version.refresh_from_db()
        assert version.state == "in_review"

    def test_not_by_the_console_as_superuser(self, client):
        user = contributor()
        version = make_submitted(actor_of(user))
        sign_in(client, user, stepped_up=True)
        for view, words in (
            ("change", {"state": "approved", "reason": "x"}),
            ("delete", {"post": "yes"}),
        ):
            page = reverse(f"admin:templates_mgmt_templateversion_{view}", args=[version.pk])
            assert client.post(page, words).status_code in (403, 404, 405)
        version.refresh_from_db()
        assert version.state == "in_review"

    def test_a_contributor_by_the_filing_record_alone_is_one_too(self):
        from tests.templates_mgmt.filing import file

        user = contributor()
        version = make_draft()
        file(version, actor_of(user))
        services.submit(version_id=version.pk, actor=actor_of(version.created_by), now=clock.now())
        version.refresh_from_db()
        with pytest.raises(FourEyesViolation):
            services.approve(
                version_id=version.pk, shown_hash=version.content_hash, actor=actor_of(user),
                now=clock.now(),
            )  # fmt: skip


# --- at the same moment ---------------------------------------------------------------------


def browser(user: User) -> Client:
    return sign_in(Client(raise_request_exception=False), user, stepped_up=True)


def at_once(*requests: Callable[[], HttpResponse]) -> list[int]:
    """The statuses of requests that start together, each on a connection of its own."""
    gate, statuses = threading.Barrier(len(requests)), [0] * len(requests)

    def run(number: int, ask: Callable[[], HttpResponse]) -> None:
        try:
            gate.wait(timeout=20)
            statuses[number] = ask().status_code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return statuses


def people(role: Role) -> User:
    return make_user(role, lines=[make_line()])


def decide(client: Client, version: TemplateVersion, verb: str) -> Callable[[], HttpResponse]:
    page = reverse("version-decide", args=[version.pk])
    words = {"verb": verb, "shown_hash": version.content_hash, "reason": "because"}
    return lambda: client.post(page, words)


def told(version: TemplateVersion) -> list[str]:
    found = Record.objects.filter(version=version.pk).order_by("id")
    return [action for action in found.values_list("action", flat=True) if action in MOVED]


MOVED = {f"template.{verb}" for verb in ("approved", "stage_approved", "withdrawn", "returned",
                                         "rejected", "submitted", "draft_saved")}  # fmt: skip
ROUNDS = range(3)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    @pytest.mark.parametrize("_round", ROUNDS)
    def test_both_approve_the_last_seat(self, _round):
        version = make_submitted()
        both = [browser(people(Role.REVIEWER)) for _ in range(2)]
        statuses = at_once(*(decide(each, version, "approve") for each in both))
        assert sorted(statuses) == [302, 409]
        assert Decision.objects.filter(version=version).count() == 1
        assert told(version).count("template.approved") == 1

    @pytest.mark.parametrize("_round", ROUNDS)
    def test_one_approves_while_the_author_withdraws(self, _round):
        version = make_submitted()
        statuses = at_once(
            decide(browser(people(Role.REVIEWER)), version, "approve"),
            decide(browser(version.created_by), version, "withdraw"),
        )
        assert sorted(statuses) == [302, 409]
        version.refresh_from_db()
        expected = "approved" if statuses[0] == 302 else "returned"
        assert version.state == expected
        assert Decision.objects.filter(version=version).count() == 1
        assert len(told(version)) == 3  # saved, submitted, and the one decision

    @pytest.mark.parametrize("_round", ROUNDS)
    def test_one_approves_while_another_returns(self, _round):
        version = make_submitted()
        statuses = at_once(
            decide(browser(people(Role.REVIEWER)), version, "approve"),
            decide(browser(people(Role.REVIEWER)), version, "return"),
        )
        assert sorted(statuses) == [302, 409]
        assert Decision.objects.filter(version=version).count() == 1

    @pytest.mark.parametrize("_round", ROUNDS)
    def test_one_edits_while_another_submits(self, _round):
        version = make_draft()
        facts = copy.deepcopy(FACTS)
        facts["en"]["action"] = "Please call the trading desk"
        helper = people(Role.AUTHOR)

        def edit() -> HttpResponse:
            from core.errors import Conflict

            try:
                save(version, actor_of(helper), facts=facts, revision=version.revision)
            except Conflict as refused:
                return HttpResponse(status=refused.status)
            return HttpResponse(status=302)

        submitter = browser(version.created_by)
        page = reverse("version-submit", args=[version.pk])
        statuses = at_once(edit, lambda: submitter.post(page, {"revision": version.revision}))
        assert sorted(statuses) == [302, 409]
        version.refresh_from_db()
        assert version.state == ("draft" if statuses[0] == 302 else "in_review")
        written = version.facts["en"]["action"]
        assert (written == facts["en"]["action"]) == (statuses[0] == 302)


# --- what the ledger says -------------------------------------------------------------------


def test_every_move_is_in_the_ledger_with_what_was_decided_on():
    ways = (
        ("return_version", "returned", make_submitted), ("reject", "rejected", make_submitted),
        ("retire", "retired", make_approved), ("recall", "recalled", make_approved),
    )  # fmt: skip
    for verb, word, made in ways:
        version = ended(verb, lambda made=made, verb=verb: made(code=verb.replace("_", "-")))
        payload = json.loads(
            Record.objects.get(version=version.pk, action=f"template.{word}").payload
        )
        assert payload["content_hash"] == version.content_hash
        assert payload["filing_hash"] == version.filing.filing_hash
        assert payload["reason"] == "because"
    approved = make_approved(code="last")
    record = Record.objects.get(version=approved.pk, action="template.approved")
    payload = json.loads(record.payload)
    assert record.actor == f"user:{approved.decided_by_id}"
    assert payload["content_hash"] == approved.content_hash
    assert payload["filing_hash"] == approved.filing.filing_hash
    assert (payload["stage"], payload["on_behalf_of"]) == (0, None)
