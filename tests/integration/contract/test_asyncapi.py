from __future__ import annotations

import copy
from pathlib import Path

import jsonschema
import pytest
from tests.support.asyncapi import official_schema

from reference import examples
from tureen.contract import document, registry


@pytest.fixture(scope="module")
def asyncapi(tmp_path_factory: pytest.TempPathFactory) -> jsonschema.Draft7Validator:
    """Give what judges AsyncAPI documents."""
    folder: Path = tmp_path_factory.mktemp("asyncapi")
    return jsonschema.Draft7Validator(official_schema(folder))


def test_the_document_is_valid(asyncapi: jsonschema.Draft7Validator) -> None:
    """The document is what AsyncAPI 3 asks for, and one with a mistake would not be."""
    asyncapi.validate(document.whole())
    wrong = copy.deepcopy(document.whole())
    wrong["operations"]["node.router.close"]["action"] = "answer"
    assert not asyncapi.is_valid(wrong)


@pytest.mark.parametrize("service", registry.SERVICES)
def test_a_services_part_is_valid(asyncapi: jsonschema.Draft7Validator, service: str) -> None:
    """So is what each service answers, and what it answers about one command."""
    asyncapi.validate(document.part(service))
    asyncapi.validate(document.part(service, "schema.get"))


@pytest.mark.parametrize("name", sorted(document.whole()["components"]["schemas"]))
def test_a_schema_is_valid(name: str) -> None:
    """Each schema is one of JSON Schema, in the draft that AsyncAPI builds on."""
    jsonschema.Draft7Validator.check_schema(document.whole()["components"]["schemas"][name])


@pytest.mark.parametrize("service", registry.SERVICES)
def test_examples_fit_the_schemas(service: str) -> None:
    """What is sent and answered in the examples is what the schemas say, and what is refused for its form is not."""
    for example in examples.load():
        command = example.command
        if command.service != service:
            continue
        refused = example.error is not None and example.error["code"] == 400
        assert schema(command.request.__name__).is_valid(example.request) is not refused, example.key
        schema(command.reply.__name__ if example.error is None else "ErrorBody").validate(example.answer)


def schema(name: str) -> jsonschema.Draft7Validator:
    """Return what judges a message by its schema in the document."""
    components = {"components": document.whole()["components"]}
    return jsonschema.Draft7Validator({"$ref": f"#/components/schemas/{name}", **components})
