"""The built-in providers keep the promises of any: `mirascope.testing.conformance`."""

from __future__ import annotations

from support.fixtures import only_everywhere
from support.providers.anthropic import ANTHROPIC
from support.providers.azure import AZURE
from support.providers.azure_responses import AZURE_RESPONSES
from support.providers.bedrock import BEDROCK
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.openai import OPENAI
from support.providers.openai_responses import OPENAI_RESPONSES
from support.providers.vertex import VERTEX

from mirascope.testing.conformance import Conformance


class TestAnthropic(Conformance):
    case = ANTHROPIC


class TestAzure(Conformance):
    case = AZURE


class TestBedrock(Conformance):
    case = BEDROCK


@only_everywhere  # TestAzure has the clients, TestOpenAIResponses the API
class TestAzureResponses(Conformance):
    case = AZURE_RESPONSES


class TestCohere(Conformance):
    case = COHERE


class TestGemini(Conformance):
    case = GEMINI


class TestGroq(Conformance):
    case = GROQ


class TestMistral(Conformance):
    case = MISTRAL


class TestOpenAI(Conformance):
    case = OPENAI


class TestOpenAIResponses(Conformance):
    case = OPENAI_RESPONSES


@only_everywhere  # as TestGemini, but for the clients, which tests/providers/test_vertex.py has
class TestVertex(Conformance):
    case = VERTEX
