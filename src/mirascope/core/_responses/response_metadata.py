"""Metadata that chunks, responses and streams have in common: finish reasons, tokens, usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from mirascope.core._types import CostMetadata, FinishReason, Usage
from mirascope.core._wire.events import TokenCounts


class ResponseMetadata:
    """The metadata of a response. A value that the provider does not report is ``None``."""

    __slots__ = ()

    _common_reasons: ClassVar[Mapping[str, FinishReason]]
    """The normalized finish reasons by the provider's own."""

    @property
    def _tokens(self) -> TokenCounts | None:
        raise NotImplementedError

    @property
    def input_tokens(self) -> int | None:
        """The number of tokens of the prompt, including cached ones."""
        return self._tokens.input if self._tokens else None

    @property
    def output_tokens(self) -> int | None:
        """The number of tokens generated so far, including reasoning."""
        return self._tokens.output if self._tokens else None

    @property
    def cached_tokens(self) -> int | None:
        """The number of prompt tokens read from the provider's cache."""
        return self._tokens.cached if self._tokens else None

    @property
    def common_usage(self) -> Usage | None:
        """The token counts of prompt and response; ``None`` unless the provider reports both."""
        prompt, output = self.input_tokens, self.output_tokens
        if prompt is None or output is None:
            return None
        return Usage(
            input_tokens=prompt,
            cached_tokens=self.cached_tokens or 0,
            output_tokens=output,
            total_tokens=prompt + output,
        )

    @property
    def cost_metadata(self) -> CostMetadata:
        """The token counts, as input of a cost calculation; see `calculate_cost`."""
        return CostMetadata(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
        )

    def _normalized_reasons(self, reasons: Sequence[str] | None) -> list[FinishReason] | None:
        """Return the provider's finish reasons, normalized.

        A reason that matches none of the four is left out: a failure is no ``"stop"``.
        """
        known = self._common_reasons
        return [known[reason] for reason in reasons or () if reason in known] or None
