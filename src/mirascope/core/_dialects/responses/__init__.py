"""The dialect of OpenAI's Responses API, which vLLM, Ollama, llama.cpp and other servers share.

Requests: `encoder`, `messages`, `tools`. Responses: `decoder`, `chunk`, `output_items`, `response`.
Begin with `decoder`.
"""
