"""The dialect of OpenAI's Chat Completions, which Groq, Mistral and many other servers share.

Requests: `messages`, `tools`. Responses: `decoder`, `chunk`, `choice`, `response`, `content_parts`.
Cohere's API has the same requests. Begin with `decoder`.
"""
