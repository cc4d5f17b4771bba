"""What lies beside the API's world for the pages."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from audit import alarms
from audit.access_review import services as reviews
from audit.browsing import services as browsing
from audit.browsing.rules import RecordFilter
from audit.retention.models import HoldScope
from audit.retention.services import holds, schedules
from comms.dryruns import jobs
from core import clock
from investors.importing import uploads
from tests.api_world import World
from tests.audit.retention import approver, manager
from tests.browser.scene import EXTRACT
from tests.completeness.routes import GONE, Scenery
from tests.core.builders import actor_of, make_line, make_user


def make(world: World) -> Scenery:
    """Put it there: a saved query, a hold, a review, an upload."""
    now, me = clock.now(), actor_of(world.user)
    filters = RecordFilter(notice=world.notices["sent"].pk)
    query = browsing.save_query(name="One notice", filters=filters, actor=me, now=now)
    words = {"scope": HoldScope.STAFF, "subject": make_user().pk, "matter": "M-2", "reason": "x"}
    hold = holds.place_hold(actor=manager(), now=now, **words)
    schedule = schedules.draft_schedule(reason="x", actor=manager(), now=now)
    jobs.request_dry_run(notice_id=world.notices["draft"].pk, actor=me, now=now)
    alarms.sound("audit.witness_refused", actor=me, now=now, payload={"witness": GONE})
    upload = SimpleUploadedFile("in.csv", EXTRACT.encode("gb18030"))
    other = {
        "query": query.pk,
        "schedule": schedule.pk,
        "hold": hold.pk,
        "review": reviews.open_review(actor=approver(), now=now).pk,
        "upload": uploads.store_upload(
            upload=upload, line_id=make_line().pk, actor=me, now=now
        ),
    }  # fmt: skip
    return Scenery(world, other)
