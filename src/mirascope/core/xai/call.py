"""The call decorator for the named server ``xai``."""

from mirascope.core._calls.decorator import Call
from mirascope.core._calls.servers import SERVERS
from mirascope.core._servers.providers import provider_of
from mirascope.core.openai.call import OpenAICall

xai_call: OpenAICall = Call(provider_of(SERVERS["xai"]))
call = xai_call

__all__ = ["call", "xai_call"]
