"""Shared by several providers: a dialect on the wire, and SDKs that one generator makes.

Imports every room below the providers, and no SDK. Begin with `chat_completions.decoder`.
"""
