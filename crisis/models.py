"""All models of crisis and risk, by part."""

from crisis.incidents.models import Assignment as Assignment
from crisis.incidents.models import Attachment as Attachment
from crisis.incidents.models import Entry as Entry
from crisis.incidents.models import Incident as Incident
from crisis.incidents.models import Moment as Moment
from crisis.incidents.models import TierDecision as TierDecision
from crisis.parties.models import Party as Party
from crisis.parties.models import PartyContact as PartyContact
from crisis.parties.models import Proof as Proof
from crisis.plans.models import CrisisPlan as CrisisPlan
from crisis.plans.models import CrisisPlanVersion as CrisisPlanVersion
from crisis.risks.controls.models import Control as Control
from crisis.risks.controls.models import ControlEvidence as ControlEvidence
from crisis.risks.controls.models import ControlUse as ControlUse
from crisis.risks.links.models import Link as Link
from crisis.risks.links.models import Unlink as Unlink
from crisis.risks.matrix.models import RiskMatrix as RiskMatrix
from crisis.risks.matrix.models import RiskMatrixVersion as RiskMatrixVersion
from crisis.risks.models import Acceptance as Acceptance
from crisis.risks.models import Assessment as Assessment
from crisis.risks.models import Risk as Risk
from crisis.risks.rounds.models import Attendance as Attendance
from crisis.risks.rounds.models import Round as Round
