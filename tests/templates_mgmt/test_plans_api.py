"""Review plans, groups, derived texts and reasons under /api/v1/."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import User
from core.roles import Capability as C
from core.roles import Role
from core.services import create_api_key
from templates_mgmt.reviewing.models import ReviewGroup, ReviewPlanVersion
from templates_mgmt.reviewing.selectors import plan_for
from templates_mgmt.writing.models import Justification
from tests.core.builders import actor_of, last_record, make_line, make_user, sign_in
from tests.templates_mgmt.builders import FACTS, VARIANTS, make_draft

pytestmark = pytest.mark.django_db

STAGES = [
    {"name": {"zh-hans": "合规", "en": "Compliance"}, "group": "", "quorum": 1, "days": 1},
    {"name": {"zh-hans": "法务", "en": "Legal"}, "group": "legal", "quorum": 2, "days": 3},
]


def person(*roles: Role) -> User:
    return make_user(*roles, lines=[make_line()])


def browser(user: User) -> Client:
    return sign_in(Client(headers={"accept-language": "en"}), user, stepped_up=True)


def api(client: Client, method: str, name: str, *ids, body=None, **headers):
    call = getattr(client, method)
    given = {} if method == "get" else {"data": body or {}, "content_type": "application/json"}
    return call(reverse(name, args=ids), **given, headers=headers)


@pytest.fixture
def legal() -> ReviewGroup:
    group = ReviewGroup.objects.create(code="legal", name="Legal")
    group.members.set([person(Role.REVIEWER), person(Role.REVIEWER)])
    return group


def test_a_plan_goes_from_draft_into_force_by_two_people(legal):
    one, two = browser(person(Role.REVIEWER)), browser(person(Role.REVIEWER))
    made = api(one, "post", "api-review-plan-versions", "risk")
    assert made.status_code == 201 and made.json()["category"] == "risk"
    pk = made.json()["id"]
    body = {"stages": STAGES, "revision": made.json()["revision"]}
    saved = api(one, "put", "api-review-plan-version", pk, body=body).json()
    assert saved["stages"] == STAGES
    stale = api(one, "put", "api-review-plan-version", pk, body=body)
    assert stale.status_code == 409
    sent = api(one, "post", "api-review-plan-version-submit", pk).json()
    shown = {"shown_hash": sent["content_hash"]}
    own = api(one, "post", "api-review-plan-version-approve", pk, body=shown)
    assert own.status_code == 403 and plan_for("risk") == []
    other = api(two, "post", "api-review-plan-version-approve", pk, body={"shown_hash": "0" * 64})
    assert other.status_code == 409
    done = api(two, "post", "api-review-plan-version-approve", pk, body=shown)
    assert done.json()["state"] == "approved" and plan_for("risk") == STAGES
    listed = api(browser(person(Role.AUDITOR)), "get", "api-review-plans").json()
    assert [v["state"] for plan in listed for v in plan["versions"]] == ["approved"]


def test_a_plan_is_returned_with_a_reason(legal):
    one, two = browser(person(Role.REVIEWER)), browser(person(Role.REVIEWER))
    pk = api(one, "post", "api-review-plan-versions", "drill").json()["id"]
    api(one, "post", "api-review-plan-version-submit", pk)
    blank = api(two, "post", "api-review-plan-version-return", pk, body={"reason": ""})
    assert blank.status_code == 422 and "reason" in str(blank.json())
    back = api(two, "post", "api-review-plan-version-return", pk, body={"reason": "two, please"})
    assert back.json()["state"] == "returned" and back.json()["reason"] == "two, please"


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "stages"),
        ([{**STAGES[0], "group": "nobody"}], "nobody"),
        ([{**STAGES[0], "quorum": 0}], "quorum"),
        ([{**STAGES[0], "name": {"en": "Only English"}}], "zh-hans"),
        (STAGES[:1] * 7, "stages"),
    ],
)
def test_bad_stages_are_refused_and_named(stages, said):
    client = browser(person(Role.REVIEWER))
    pk = api(client, "post", "api-review-plan-versions", "risk").json()["id"]
    before = ReviewPlanVersion.objects.get(pk=pk).stages
    answer = api(client, "put", "api-review-plan-version", pk, body={"stages": stages})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert ReviewPlanVersion.objects.get(pk=pk).stages == before


def test_a_category_that_does_not_exist_has_no_plan():
    client = browser(person(Role.REVIEWER))
    assert api(client, "post", "api-review-plan-versions", "party").status_code == 404


def test_the_same_key_makes_one_draft():
    client = browser(person(Role.REVIEWER))
    given = {"Idempotency-Key": "plan-1"}
    first = api(client, "post", "api-review-plan-versions", "risk", **given).json()
    assert api(client, "post", "api-review-plan-versions", "risk", **given).json() == first
    assert ReviewPlanVersion.objects.count() == 1


def test_a_group_is_set_by_an_administrator_with_reviewers_only():
    admin = person(Role.ADMINISTRATOR)
    member, author = person(Role.REVIEWER), person(Role.AUTHOR)
    client = browser(admin)
    body = {"name": "Legal", "members": [str(member.pk)]}
    made = api(client, "put", "api-review-group", "legal", body=body).json()
    assert made["members"] == [str(member.pk)]
    assert last_record("review_group.set").facts["members"] == [str(member.pk)]
    bad = api(
        client, "put", "api-review-group", "legal", body={**body, "members": [str(author.pk)]}
    )
    assert bad.status_code == 422 and "members" in bad.content.decode()
    (shown,) = api(browser(member), "get", "api-review-groups").json()
    assert (shown["code"], shown["members"]) == ("legal", [str(member.pk)])


def test_derived_texts_are_shown_and_nothing_is_saved():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user), variants=VARIANTS[:1])
    found = api(browser(user), "get", "api-template-version-derived", version.pk).json()
    keys = {(text["channel"], text["language"]) for text in found}
    assert len(found) == 11 and ("sms", "zh-hans") not in keys and ("hotline", "en") in keys
    assert version.variants.count() == 1


def test_what_is_derived_can_be_saved_as_it_is():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user), variants=[], placeholders=[])
    client = browser(user)
    found = api(client, "get", "api-template-version-derived", version.pk).json()
    body = {"revision": version.revision, "facts": FACTS, "placeholders": [], "variants": found}
    saved = api(client, "put", "api-template-version", version.pk, body=body)
    assert saved.status_code == 200 and saved.json()["findings"] == []
    assert len(saved.json()["variants"]) == 12


def test_a_reason_for_a_finding():
    user = person(Role.AUTHOR)
    texts = [{**VARIANTS[0], "body": VARIANTS[0]["body"] + "保本"}, *VARIANTS[1:]]
    version = make_draft(actor_of(user), variants=texts)
    client = browser(user)
    findings = api(client, "get", "api-template-version", version.pk).json()["findings"]
    (finding,) = [found for found in findings if found["code"] == "forbidden_word"]
    body = {"fingerprint": finding["fingerprint"], "reason": "a rule's own words"}
    made = api(client, "post", "api-template-justifications", version.pk, body=body)
    assert made.status_code == 201 and made.json()["code"] == "forbidden_word"
    twice = api(client, "post", "api-template-justifications", version.pk, body=body)
    assert twice.status_code == 422 and twice.json()["code"] == "duplicate"
    none = api(
        client, "post", "api-template-justifications", version.pk,
        body={**body, "fingerprint": "0" * 64},
    )  # fmt: skip
    assert none.json()["code"] == "no_finding" and Justification.objects.count() == 1
    reader = browser(person(Role.REVIEWER))
    (listed,) = api(reader, "get", "api-template-justifications", version.pk).json()
    assert listed["reason"] == "a rule's own words" and listed["user"] == str(user.pk)


def test_a_key_without_the_scope_is_refused():
    user = person(Role.REVIEWER)
    key = create_api_key(
        name="reader", owner_id=user.pk, scopes=[C.TEMPLATES_VIEW],
        actor=actor_of(make_user(Role.ADMINISTRATOR)), now=clock.now(),
    )  # fmt: skip
    headers = {"authorization": f"Bearer {key.token}"}
    assert Client().get(reverse("api-review-plans"), headers=headers).status_code == 200
    made = Client().post(reverse("api-review-plan-versions", args=["risk"]), headers=headers)
    assert made.status_code == 403
