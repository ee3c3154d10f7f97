"""The named servers that speak OpenAI's Chat Completions, as providers and clients of OpenAI's SDK.

The table itself is data, without an SDK: `mirascope.core._calls.servers`. Imports OpenAI's provider
and the rooms below. Begin with `providers`.
"""
