"""The dialect of OpenAI's Responses API, which vLLM, Ollama, llama.cpp and other servers share.

Requests: `encoder`, `messages`, `tools`. Begin with `encoder`.
"""
