"""Routes for tests of what API views stand on."""

from __future__ import annotations

from django.urls import include, path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import CursorPages
from core.api_views import LineSerializer
from core.errors import InvalidInput
from core.idempotency import idempotent
from core.models import BusinessLine
from core.roles import Capability
from tests.recorded import recorded


class ByCode(CursorPages):
    ordering = "code"


class Lines(ListAPIView):
    queryset = BusinessLine.objects.all()
    serializer_class = LineSerializer
    pagination_class = ByCode
    capabilities = {
        "GET": (Capability.TEMPLATES_VIEW, Capability.AUDIT_BROWSE),
        "POST": (Capability.TEMPLATES_DRAFT,),
    }

    @idempotent
    def post(self, request):
        serializer = LineSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with recorded():
            line = serializer.save()
        if line.name == "refuse":
            raise InvalidInput("after the write", field="name")
        return Response(LineSerializer(line).data, status=201, headers={"Location": "/x/"})


class Failing(APIView):
    def get(self, request):
        raise RuntimeError("secret cause")


class Inner(serializers.Serializer):
    n = serializers.IntegerField()


class Outer(serializers.Serializer):
    items = Inner(many=True)


class Nested(APIView):
    def post(self, request):
        Outer(data=request.data).is_valid(raise_exception=True)
        return Response({})


urlpatterns = [
    path("api/v1/lines/", Lines.as_view()),
    path("api/v1/failing/", Failing.as_view()),
    path("api/v1/nested/", Nested.as_view()),
    path("", include("portal.urls")),
]
handler400 = "portal.errors.bad_request"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
