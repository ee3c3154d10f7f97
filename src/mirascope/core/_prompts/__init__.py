"""Prompts: functions, classes and templates that make messages; messages, parts and media.

This imports `_tools` and the rooms below those; it knows no provider and does no network I/O.
Begin with `prompt`; `message_param` has the messages, `native_messages` the providers' own forms.
"""
