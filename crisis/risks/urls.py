"""Routes of the risk register."""

from __future__ import annotations

from django.urls import path

from crisis.risks import views
from crisis.risks.controls import views as controls
from crisis.risks.links import views as links
from crisis.risks.matrix import views as matrix
from crisis.risks.rounds import views as rounds

_RISK = "risks/<uuid:risk_id>/"
_MATRIX = "risks/matrix/<uuid:version_id>/"
_CONTROL = "risks/controls/<uuid:control_id>/"
_ROUND = "risks/rounds/<uuid:round_id>/"
urlpatterns = [
    path("risks/", views.risk_list, name="risk-list"),
    path("risks/new/", views.risk_new, name="risk-new"),
    path("risks/export/", views.risk_export, name="risk-export"),
    path("risks/heat-map/", matrix.heat_map, name="risk-heat-map"),
    path("risks/matrix/", matrix.matrix_list, name="risk-matrix"),
    path("risks/matrix/new/", matrix.matrix_new, name="risk-matrix-new"),
    path(_MATRIX, matrix.matrix_version, name="risk-matrix-version"),
    path(f"{_MATRIX}edit/", matrix.matrix_edit, name="risk-matrix-edit"),
    path(f"{_MATRIX}decide/", matrix.matrix_decide, name="risk-matrix-decide"),
    path("risks/controls/", controls.control_list, name="risk-controls"),
    path("risks/controls/new/", controls.control_new, name="risk-control-new"),
    path(_CONTROL, controls.control_detail, name="risk-control"),
    path(f"{_CONTROL}edit/", controls.control_edit, name="risk-control-edit"),
    path(f"{_CONTROL}evidence/", controls.control_evidence, name="risk-control-evidence"),
    path(f"{_CONTROL}retire/", controls.control_retire, name="risk-control-retire"),
    path(f"{_RISK}controls/", controls.control_attach, name="risk-control-attach"),
    path("risks/uses/<uuid:use_id>/end/", controls.control_detach, name="risk-control-detach"),
    path("risks/rounds/", rounds.round_list, name="risk-rounds"),
    path("risks/rounds/new/", rounds.round_new, name="risk-round-new"),
    path(_ROUND, rounds.round_detail, name="risk-round"),
    path(f"{_ROUND}attendance/", rounds.round_attendance, name="risk-round-attendance"),
    path(f"{_ROUND}close/", rounds.round_close, name="risk-round-close"),
    path(f"{_ROUND}cancel/", rounds.round_cancel, name="risk-round-cancel"),
    path("risks/links/<str:kind>/<uuid:target_id>/", links.link_new, name="risk-link"),
    path("risks/links/<uuid:link_id>/end/", links.link_end, name="risk-unlink"),
    path("risks/acceptances/<uuid:acceptance_id>/", views.risk_acceptance, name="risk-acceptance"),
    path(_RISK, views.risk_detail, name="risk-detail"),
    path(f"{_RISK}edit/", views.risk_edit, name="risk-edit"),
    path(f"{_RISK}assess/", views.risk_assess, name="risk-assess"),
    path(f"{_RISK}open/", views.risk_open, name="risk-open"),
    path(f"{_RISK}move/", views.risk_move, name="risk-move"),
    path(f"{_RISK}accept/", views.risk_propose, name="risk-propose"),
]
