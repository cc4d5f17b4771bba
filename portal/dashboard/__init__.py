"""What the overview shows: what waits for this person, what is going out, whether the ledger
is sound. A constant number of queries, whatever the size of the firm. Tasks are kept by area."""

from portal.dashboard.beginning import first_steps as first_steps
from portal.dashboard.overview import Overview as Overview
from portal.dashboard.tasks import Task as Task
from portal.dashboard.tasks import address as address
