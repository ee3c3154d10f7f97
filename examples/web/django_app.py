"""The AI SDK's stream with Django, from a sync and an async call: ``uvicorn django_app:app``.

It needs ``pip install django uvicorn 'mirascope-streams[web,openai]'``. Under ASGI, pass Django
``aiter(events)``, because it reads a plain iterator to its end before it sends anything. Under
WSGI, pass it the events themselves.
"""

from __future__ import annotations

import django
from answers import aturn, turn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from mirascope.web import Events, ai_sdk

settings.configure(
    ROOT_URLCONF=__name__, SECRET_KEY="only-for-this-example", ALLOWED_HOSTS=["127.0.0.1"]
)
django.setup()


async def respond(events: Events) -> HttpResponseBase:
    await events.aopen()
    return StreamingHttpResponse(aiter(events), status=events.status, headers=events.headers)


@csrf_exempt
async def chat(request: HttpRequest) -> HttpResponseBase:
    try:
        messages = ai_sdk.messages(request.body)
    except ValueError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    model = turn if request.path.endswith("sync") else aturn
    return await respond(ai_sdk.events(model(messages), ping=15))


urlpatterns = [path("chat", chat), path("chat/sync", chat)]
app = get_asgi_application()
