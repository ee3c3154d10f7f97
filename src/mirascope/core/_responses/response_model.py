"""Response models: the requested type of a response, and how JSON is parsed into it.

A type that is no pydantic model (``list[str]``, an enum, a number) is requested as the only field
of a wrapper model; a bare value is accepted too. Fields marked with `FromCallArgs` are not
requested: their values are arguments of the call.

A text may have several candidates: JSON documents in it, and the text as a bare value. The first
valid one is the result; if none is valid, the error is that of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, cast, get_args

import pydantic_core
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, create_model
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

_NO_JSON: Final = "EOF before the start of a JSON value"


@dataclass(frozen=True)
class ResponseFormat:
    """The response format of a request.

    Attributes:
        tool: The tool that the model must call, with the response model as its arguments; ``None``
            for JSON text.
        model: The model of the text's schema; ``None`` for any JSON object.
        strict: Whether the provider is to enforce the schema, if it supports that.
        beside_tools: Whether the model may call tools instead.
    """

    tool: str | None = None
    model: type[BaseModel] | None = None
    strict: bool = False
    beside_tools: bool = False

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the text; ``None`` for any JSON object."""
        if self.model is None:
            return None
        return self.model.model_json_schema(schema_generator=GenerateJsonSchemaNoTitles)

    def as_instruction(self) -> str:
        """Return an instruction for the prompt, for providers that support no schema."""
        if self.model is None:
            return "Answer with a JSON object and nothing else."
        schema = pydantic_core.to_json(self.schema).decode()
        return f"Answer with a JSON object that fits this JSON schema, and nothing else:\n{schema}"


class ResponseModel(Generic[T]):
    """The requested type of a response.

    Args:
        kind: The type: a pydantic model, or any type that pydantic can validate.

    Attributes:
        kind: The type.
        model: The pydantic model that validates: the type itself, or a wrapper with it as a field.
        request_model: The model whose schema is requested: `model` without `FromCallArgs` fields.
        wrapped: Whether `model` is a wrapper.
        bare: Whether the JSON value may be something else than an object.
        name: The name of the tool as which it is requested.
        strict: Whether the model's configuration requires an enforced schema.
    """

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        model = _model(kind)
        self.wrapped = model is None
        self.model = model or _wrapper(kind)
        self.bare = model is None or issubclass(model, RootModel)
        fields = self.model.model_fields
        self._from_call = [name for name in fields if is_from_call_args(fields[name])]
        self.request_model = _without(self.model, self._from_call)
        self.name = (
            getattr(self.request_model, "__custom_name__", "") or self.request_model.__name__
        )
        self.strict = bool(self.model.model_config.get("strict"))

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to pickle it: by the type, because a wrapper belongs to no module."""
        return ResponseModel, (self.kind,)

    def from_call(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return the `FromCallArgs` fields of a call.

        Raises:
            ValueError: The call has no argument of a field's name.
        """
        if missing := [name for name in self._from_call if name not in arguments]:
            raise ValueError(
                f"{self.model.__name__}.{missing[0]} needs an argument of the call with that name, "
                f"but the arguments are: {', '.join(arguments) or 'none'}"
            )
        return {name: arguments[name] for name in self._from_call}

    def parse(
        self, response: BaseCallResponse[Any, Any, Any], from_call: Mapping[str, object]
    ) -> T:
        """Return the value in a response; a model instance has the response as ``_response``.

        Raises:
            pydantic.ValidationError: There is none, or it is invalid or truncated. The error has
                the response as ``response``.
        """
        try:
            value = self._parse(response, from_call)
        except ValidationError as error:
            raise error_with_response(error, response)  # noqa: B904  # the same object
        return with_response(value, response)

    def _parse(
        self, response: BaseCallResponse[Any, Any, Any], from_call: Mapping[str, object]
    ) -> T:
        arguments = response.arguments_of(self.name)
        if arguments is None:
            response.raise_for_refusal()
        text = without_reasoning(response.content)[1] if arguments is None else arguments or "{}"
        cut_off = arguments is None and "length" in (response.common_finish_reasons or ())
        first_error: ValidationError | None = None
        for candidate in self._documents(text) if cut_off else self._candidates(text):
            try:
                return self.unwrap(self._validate(candidate, from_call))
            except ValidationError as error:
                first_error = first_error or error
        if not (text if arguments is None else arguments).strip():
            reason = ", ".join(response.finish_reasons or ()) or "unknown"
            problem = {"problem": f"The response is empty. Its finish reason: {reason}"}
            custom = PydanticCustomError("empty_answer", "{problem}", problem)
            details = InitErrorDetails(type=custom, input=response.content)
            raise ValidationError.from_exception_data(self.model.__name__, [details], "json")
        if first_error is None:
            invalid = InitErrorDetails(type="json_invalid", input=text, ctx={"error": _NO_JSON})
            raise ValidationError.from_exception_data(self.model.__name__, [invalid], "json")
        raise first_error

    def _candidates(self, text: str) -> Iterator[str]:
        """Yield the JSON texts that may be the model's value in a text."""
        body = unfenced(text)
        if not (self.bare and is_json(body)):
            yield from self._documents(text)
        else:
            yield from self._wrapped(body)
            if body.startswith(("{", "[")):
                return
        if self.bare and body and not is_cut_off(body):
            yield from self._wrapped(pydantic_core.to_json(body).decode())

    def _documents(self, text: str) -> Iterator[str]:
        """Yield the JSON objects in a text, and the arrays if the type may be one."""
        for document in documents(text, lists=self.bare):
            yield from self._wrapped(document)

    def _wrapped(self, document: str) -> Iterator[str]:
        """Yield a JSON text as it is, if it can be the model's, and as the wrapper's field."""
        if not self.wrapped or document.startswith("{"):
            yield document
        if self.wrapped:
            yield f'{{"{WRAPPED}":{document}' + ("" if is_cut_off(document) else "}")

    def _validate(self, text: str, from_call: Mapping[str, object]) -> BaseModel:
        try:
            record = cast("Record", pydantic_core.from_json(text)) if from_call else None
        except ValueError:  # below, pydantic raises its own error for it
            record = None
        if record is None:
            return self.model.model_validate_json(text)
        return self.model.model_validate({**record, **from_call})

    def unwrap(self, value: BaseModel) -> T:
        """Return a value of the type, of an instance of `model`."""
        return cast("T", getattr(value, WRAPPED) if self.wrapped else value)


def _model(kind: Any) -> type[BaseModel] | None:
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return cast("type[BaseModel]", kind) if is_model else None


def _wrapper(kind: Any) -> type[BaseModel]:
    name = getattr(kind, "__name__", "") or "Answer"
    fields: dict[str, Any] = {WRAPPED: (kind, ...)}
    models = filter(None, map(_model, get_args(kind)))
    strict = any(model.model_config.get("strict") for model in models)  # as of a `list[Book]`
    return create_model(name, __config__=ConfigDict(strict=True) if strict else None, **fields)


def _without(model: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """Return a model of the same name without some fields."""
    if not names:
        return model
    left = {n: (f.annotation, f) for n, f in model.model_fields.items() if n not in names}
    fields = cast("dict[str, Any]", left)
    return create_model(
        model.__name__, __config__=model.model_config, __doc__=model.__doc__, **fields
    )


def with_response(value: T, response: object) -> T:
    """Set the response on a value that is a model instance, and return the value."""
    if isinstance(value, BaseModel):
        object.__setattr__(value, "_response", response)
    return value


def error_with_response(
    error: ValidationError, response: BaseCallResponse[Any, Any, Any]
) -> ValidationError:
    """Set the invalid response on an error, with a note of its finish reasons, and return it."""
    vars(error).update(response=response, _response=response)
    error.add_note(f"the finish reasons of the response: {response.finish_reasons}")
    return error
