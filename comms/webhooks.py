"""Where providers post their receipts: authenticate, store, answer; applied afterwards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from comms.services import receipts
from core import clock
from core.errors import VouchsafeError
from core.problems import problem_response


@csrf_exempt  # the signature is the authority; there is no session here
@require_POST
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """POST /api/v1/webhooks/<provider>/: JSON events or one DSN (message/rfc822), signed.

    200 stored (also when it was told before), 401 not authentic, 404 no such provider, 413 too
    long.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > receipts.MAX_BODY:
        return problem_response(413, "too_long")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        receipt = receipts.store_receipt(
            provider=provider,
            headers=headers,
            body=request.read(receipts.MAX_BODY + 1),
            now=clock.now(),
        )
    except VouchsafeError as error:
        return problem_response(401 if error.status == 403 else error.status, error.code)
    return JsonResponse({"stored": str(receipt.pk)})
