"""The call decorator for the named server ``litellm``."""

from mirascope.core._calls.decorator import Call
from mirascope.core._calls.servers import SERVERS
from mirascope.core._servers.providers import provider_of
from mirascope.core.openai.call import OpenAICall

litellm_call: OpenAICall = Call(provider_of(SERVERS["litellm"]))
call = litellm_call

__all__ = ["call", "litellm_call"]
