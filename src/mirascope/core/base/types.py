"""Types of values that all providers share."""

from mirascope.core._types import (
    AudioMetadata,
    AudioSegment,
    BaseType,
    CostMetadata,
    FinishReason,
    GoogleMetadata,
    Image,
    ImageMetadata,
    JsonableType,
    LocalProvider,
    PDFImageMetadata,
    PDFMetadata,
    Provider,
    StreamState,
    Usage,
    VideoMetadata,
)

__all__ = [
    "AudioMetadata",
    "AudioSegment",
    "BaseType",
    "CostMetadata",
    "FinishReason",
    "GoogleMetadata",
    "Image",
    "ImageMetadata",
    "JsonableType",
    "LocalProvider",
    "PDFImageMetadata",
    "PDFMetadata",
    "Provider",
    "StreamState",
    "Usage",
    "VideoMetadata",
]
