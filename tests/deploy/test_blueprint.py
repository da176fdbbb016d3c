import pytest
from stacks_under_test import SPEC

from deploy.blueprint import Blueprint
from deploy.spec import DetectorSpec
from deploy.template import job_parameters
from flink_job.state_terms import STATE_TERMS


def test_what_is_asked_of_cloudformation_has_every_parameter(blueprint: Blueprint) -> None:
    assert blueprint.parameters["DetectorName"] == "bookstore"
    assert blueprint.parameters["ApplicationCodeKey"].startswith("code/")
    assert blueprint.foundation_parameters == dict.fromkeys(blueprint.foundation_parameters, None)
    assert isinstance(blueprint.template.content, bytes)
    assert b"dim_product_name" in blueprint.template.content
    assert SPEC.foundation == "anomaly-foundation"


def test_spaces_around_dimensions_are_not_part_of_their_names() -> None:
    assert DetectorSpec({"DimensionFields": "a, b,"}).dimensions == ("a", "b")
    assert DetectorSpec({}).dimensions == ()


@pytest.mark.parametrize("term", STATE_TERMS)
def test_a_term_of_the_state_is_a_parameter_whose_change_is_told_with_why(term: str, blueprint: Blueprint) -> None:
    name = job_parameters()[term]

    assert blueprint.changed_state_terms({**blueprint.parameters, name: "another"}) == {name: STATE_TERMS[term]}


def test_what_the_state_does_not_depend_on_may_change(blueprint: Blueprint) -> None:
    others = {name: "another" for term, name in job_parameters().items() if term not in STATE_TERMS}

    assert "DecisionThreshold" in others
    assert blueprint.changed_state_terms({**blueprint.parameters, **others}) == {}


def test_a_parameter_that_the_stack_did_not_have_yet_is_no_change(blueprint: Blueprint) -> None:
    assert blueprint.changed_state_terms({}) == {}
