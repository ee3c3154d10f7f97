"""Failures: mapping an SDK's errors to `mirascope.errors`, the retry policy, redaction of API keys.

May import `_wire`, `_types` and `mirascope.errors`; knows no SDK.
Begin with `SDKErrors` in `sdk_errors.py`, in which a provider describes its SDK's errors.
"""
