"""All models of crisis and risk, by part."""

from crisis.incidents.models import Assignment as Assignment
from crisis.incidents.models import Attachment as Attachment
from crisis.incidents.models import Entry as Entry
from crisis.incidents.models import Incident as Incident
from crisis.incidents.models import Moment as Moment
from crisis.incidents.models import TierDecision as TierDecision
from crisis.plans.models import CrisisPlan as CrisisPlan
from crisis.plans.models import CrisisPlanVersion as CrisisPlanVersion
from crisis.parties.models import Party as Party
from crisis.parties.models import PartyContact as PartyContact
from crisis.parties.models import Proof as Proof
