from pathlib import Path

import pytest

import deploy
from deploy.assembly import assemble, fill
from deploy.errors import DeployError
from deploy.template import DETECTOR_PARTS, detector_template, parse

FOLDER = Path(deploy.__file__).parent / "cloudformation" / "detector"

HEAD = """# The head.

Description: >-
  Two
  lines

Metadata:
  Groups: [{ A: b }]

Resources:
  # Why it is here.
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: !Sub "${A}" }
"""

TAIL = """# The tail.

Outputs:
  Topic: { Value: !Ref Topic }

Resources:

  Queue:
    Type: AWS::SQS::Queue

Parameters:
  A: { Type: String }
"""


def test_sections_of_the_parts_become_one_with_comments_and_tags_as_they_were() -> None:
    assert (
        assemble({"head.yaml": HEAD, "tail.yaml": TAIL})
        == """Description: >-
  Two
  lines

Metadata:
  Groups: [{ A: b }]

Parameters:
  # tail.yaml
  A: { Type: String }

Resources:
  # head.yaml
  # Why it is here.
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: !Sub "${A}" }
  # tail.yaml
  Queue:
    Type: AWS::SQS::Queue

Outputs:
  # tail.yaml
  Topic: { Value: !Ref Topic }
"""
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources:\n  Topic:\n    Type: x\n", "head.yaml and other.yaml both have Resources.Topic, expected it once"),
        ("Description: again\n", "head.yaml and other.yaml both have Description, expected it once"),
        ("Parameters:\n  A:\n    Type: x\n  A:\n    Type: y\n", "other.yaml and other.yaml both have Parameters.A"),
        ("Resource:\n  A:\n    Type: x\n", 'other.yaml has "Resource", expected sections: AWSTemplateFormatVersion, '),
        ("Resources:\n  A:\n    Type: x\n- stray\n", 'other.yaml has "- stray", expected sections'),
    ],
)
def test_parts_that_do_not_fit_together_are_named(text: str, said: str) -> None:
    with pytest.raises(DeployError) as caught:
        assemble({"head.yaml": HEAD, "other.yaml": text})

    assert said in str(caught.value)


def test_the_same_name_in_two_sections_is_no_collision() -> None:
    template = parse(assemble({"head.yaml": HEAD, "tail.yaml": TAIL}))

    assert "Topic" in template["Resources"]
    assert "Topic" in template["Outputs"]


def test_generated_lines_stand_where_and_as_deep_as_they_are_asked_for() -> None:
    filled = fill("Columns:\n    # << columns >>\nEnd: 1\n", {"columns": ["- a", '- "\\1"'], "others": []})

    assert filled == 'Columns:\n    - a\n    - "\\1"\nEnd: 1\n'


def test_lines_that_nothing_generates_are_named() -> None:
    with pytest.raises(DeployError, match='nothing is generated for "# << colums >>", expected one of columns'):
        fill("# << colums >>\n", {"columns": []})


def test_every_file_of_the_folder_is_a_part_of_the_detectors_template() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(DETECTOR_PARTS)
    for part in DETECTOR_PARTS:
        assert f"  # {part}.yaml\n" in detector_template() or part == "console"


@pytest.mark.parametrize("path", sorted(FOLDER.parent.rglob("*.yaml")), ids=lambda path: path.name)
def test_no_part_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_what_only_this_project_understands_is_not_in_the_template() -> None:
    template = detector_template()

    assert "<<" not in template
    assert not [name for name, rules in parse(template)["Parameters"].items() if "Property" in rules]
