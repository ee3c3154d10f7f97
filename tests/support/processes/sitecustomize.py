"""Has `local.client()` in the process of a sample return a client of the page's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mirascope import local

if TYPE_CHECKING:
    import openai


def _client(_model: object = None) -> openai.OpenAI:
    from openai import OpenAI  # noqa: PLC0415  # slow, and rarely needed

    return OpenAI()


local.client = _client
