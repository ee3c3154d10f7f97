"""The type that an answer is to have, and how an answer is made of JSON.

A type that is no pydantic model (``list[str]``, an enum, a number) is asked for as the one field of
a model; a model that writes the bare value instead is understood. Fields that are marked with
`FromCallArgs` are not requested at all: they come from the call.

Of what a text may mean, the first reading that fits the type is the answer; if none does, the
error is that of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, cast

import pydantic_core
from pydantic import BaseModel, RootModel, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError
from typing_extensions import TypeVar

from mirascope.core._responses.call_response import BaseCallResponse
from mirascope.core._responses.from_call_args import is_from_call_args
from mirascope.core._tools.json_schema import GenerateJsonSchemaNoTitles
from mirascope.core._wire.events import Record
from mirascope.core._wire.json_response import (
    documents,
    is_cut_off,
    is_json,
    unfenced,
    without_reasoning,
)

T = TypeVar("T")

WRAPPED = "value"

_NO_JSON: Final = "EOF, and none has begun"


@dataclass(frozen=True)
class ResponseFormat:
    """The form that a provider is asked to give an answer.

    Attributes:
        tool: The tool that the model has to call, so that its arguments are the answer; ``None``
            if the answer is to be JSON text.
        model: The model that the text has to fit; ``None`` if any JSON object will do.
        strict: Whether the provider is to hold the model to the schema, if it can.
        beside_tools: Whether the model may call tools instead.
    """

    tool: str | None = None
    model: type[BaseModel] | None = None
    strict: bool = False
    beside_tools: bool = False

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the text has to fit, ``None`` if any JSON object will do."""
        if self.model is None:
            return None
        return self.model.model_json_schema(schema_generator=GenerateJsonSchemaNoTitles)

    def as_instruction(self) -> str:
        """Return the instruction for a model whose provider takes no schema."""
        if self.model is None:
            return "Answer with a JSON object and nothing else."
        schema = pydantic_core.to_json(self.schema).decode()
        return f"Answer with a JSON object that fits this JSON schema, and nothing else:\n{schema}"


class ResponseModel(Generic[T]):
    """The type that an answer is to have.

    Args:
        kind: The type: a pydantic model, or whatever pydantic can be told to validate.

    Attributes:
        kind: The type.
        model: The pydantic model that is read: the type itself, or one around it.
        request_model: The model that is asked for: the same without what comes from the call.
        wrapped: Whether the type is the one field of the model.
        bare: Whether its JSON may be something else than an object.
        name: The name of the tool that it is requested as.
        strict: Whether the model's own configuration asks providers to hold to its schema.
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        model = _model(kind)
        self.wrapped = model is None
        self.model = model or _around(kind)
        self.bare = model is None or issubclass(model, RootModel)
        fields = self.model.model_fields
        self._from_call = [name for name in fields if is_from_call_args(fields[name])]
        self.request_model = _without(self.model, self._from_call)
        self.name = (
            getattr(self.request_model, "__custom_name__", "") or self.request_model.__name__
        )
        self.strict = bool(self.model.model_config.get("strict"))

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to make it again; a model around the type belongs to no module."""
        return ResponseModel, (self.kind,)

    def from_call(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return the fields that come from the call.

        Raises:
            ValueError: The call has no argument of a field's name.
        """
        if missing := [name for name in self._from_call if name not in arguments]:
            raise ValueError(
                f"{self.model.__name__}.{missing[0]} is to come from the call's arguments, "
                f"but those are: {', '.join(arguments) or 'none'}"
            )
        return {name: arguments[name] for name in self._from_call}

    def answer(
        self, response: BaseCallResponse[Any, Any, Any], from_call: Mapping[str, object]
    ) -> T:
        """Return the answer that a response has; a model among them has it as ``_response``.

        Raises:
            pydantic.ValidationError: There is none, or it does not fit or is cut off. It has the
                response as ``response``.
        """
        try:
            answer = self._read(response, from_call)
        except ValidationError as error:
            raise error_with_response(error, response)  # noqa: B904  # it is the same
        return with_response(answer, response)

    def _read(
        self, response: BaseCallResponse[Any, Any, Any], from_call: Mapping[str, object]
    ) -> T:
        arguments = response.arguments_of(self.name)
        if arguments is None:
            response.raise_for_refusal()
        text = without_reasoning(response.content)[1] if arguments is None else arguments or "{}"
        cut_off = arguments is None and "length" in (response.common_finish_reasons or ())
        misfit: ValidationError | None = None
        for reading in self._documents(text) if cut_off else self._readings(text):
            try:
                return self.unwrap(self._validated(reading, from_call))
            except ValidationError as error:
                misfit = misfit or error
        if not (text if arguments is None else arguments).strip():
            ended = ", ".join(response.finish_reasons or ()) or "an unknown reason"
            problem = f"The answer is empty. It ended because of: {ended}"
            raise self._error("empty_answer", problem, response.content)
        if misfit is None:
            invalid = InitErrorDetails(type="json_invalid", input=text, ctx={"error": _NO_JSON})
            raise ValidationError.from_exception_data(self.model.__name__, [invalid], "json")
        raise misfit

    def _readings(self, text: str) -> Iterator[str]:
        """Yield the JSON texts, for the model, that a text may mean."""
        whole = unfenced(text)
        if not (self.bare and is_json(whole)):
            yield from self._documents(text)
        else:
            yield from self._forms(whole)
            if whole.startswith(("{", "[")):
                return
        if self.bare and whole and not is_cut_off(whole):
            yield from self._forms(pydantic_core.to_json(whole).decode())

    def _documents(self, text: str) -> Iterator[str]:
        """Yield the objects, and the lists if the type may be one, that are in a text."""
        for document in documents(text, lists=self.bare):
            yield from self._forms(document)

    def _forms(self, document: str) -> Iterator[str]:
        """Yield a JSON text as it is, if it can be the model, and as the model's one field."""
        if not self.wrapped or document.startswith("{"):
            yield document
        if self.wrapped:
            yield f'{{"{WRAPPED}":{document}' + ("" if is_cut_off(document) else "}")

    def _validated(self, text: str, from_call: Mapping[str, object]) -> BaseModel:
        try:
            told = cast("Record", pydantic_core.from_json(text)) if from_call else None
        except ValueError:  # which pydantic says in its own way
            told = None
        if told is None:
            return self.model.model_validate_json(text)
        return self.model.model_validate({**told, **from_call})

    def _error(self, kind: Any, problem: str, text: str) -> ValidationError:
        custom = PydanticCustomError(kind, "{problem}", {"problem": problem})
        details = InitErrorDetails(type=custom, input=text)
        return ValidationError.from_exception_data(self.model.__name__, [details], "json")

    def unwrap(self, answer: BaseModel) -> T:
        """Return the answer of a model around it."""
        return cast("T", getattr(answer, WRAPPED) if self.wrapped else answer)


def _model(kind: Any) -> type[BaseModel] | None:
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return cast("type[BaseModel]", kind) if is_model else None


def _around(kind: Any) -> type[BaseModel]:
    name = getattr(kind, "__name__", "") or "Answer"
    fields: dict[str, Any] = {WRAPPED: (kind, ...)}
    return create_model(name, **fields)


def _without(model: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """Return a model of the same name that lacks some fields."""
    if not names:
        return model
    kept = {n: (f.annotation, f) for n, f in model.model_fields.items() if n not in names}
    fields = cast("dict[str, Any]", kept)
    return create_model(
        model.__name__, __config__=model.model_config, __doc__=model.__doc__, **fields
    )


def with_response(answer: T, response: object) -> T:
    """Let an answer that is a model have its response."""
    if isinstance(answer, BaseModel):
        object.__setattr__(answer, "_response", response)
    return answer


def error_with_response(
    error: ValidationError, response: BaseCallResponse[Any, Any, Any]
) -> ValidationError:
    """Let an error have the response that does not fit, and a note of why that ended."""
    vars(error).update(response=response, _response=response)
    error.add_note(f"the answer ended because of: {response.finish_reasons}")
    return error
