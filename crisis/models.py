"""All models of crisis and risk, by part."""

from crisis.incidents.models import Attachment as Attachment
from crisis.incidents.models import Entry as Entry
from crisis.incidents.models import Incident as Incident
from crisis.incidents.models import Moment as Moment
