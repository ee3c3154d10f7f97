"""The types and the encoder of ``ag-ui-protocol``, which the extra ``web`` installs."""

from mirascope import errors

try:
    import ag_ui.core as protocol
    from ag_ui.encoder import EventEncoder
except ImportError as error:
    raise errors.MissingSDKError("ag-ui-protocol", "web") from error

__all__ = ["EventEncoder", "protocol"]
