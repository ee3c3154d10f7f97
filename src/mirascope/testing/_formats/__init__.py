"""The providers' APIs from the server's side: requests are read, replies are written.

May import the table of named servers, else nothing of mirascope and no SDK. Begin with
`WireFormat` in `wire_format.py`.
"""

from mirascope.testing._formats.formats import FORMATS

__all__ = ["FORMATS"]
