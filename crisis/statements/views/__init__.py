"""Pages of what is said about an incident, inside the firm and to the public."""

from crisis.statements.views.notices import incident_notice as incident_notice
from crisis.statements.views.public import status as status
from crisis.statements.views.public import status_feed as status_feed
from crisis.statements.views.writing import incident_note as incident_note
from crisis.statements.views.writing import incident_statements as incident_statements
from crisis.statements.views.writing import statement as statement
from crisis.statements.views.writing import statement_drop as statement_drop
from crisis.statements.views.writing import statement_new as statement_new
from crisis.statements.views.writing import statement_publish as statement_publish
