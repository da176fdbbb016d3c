"""One CloudFormation template out of parts, as text, so that comments and short tags stay as people wrote them.

A part is a piece of YAML about one subject, with whatever sections that subject needs.
"""

import re
from collections.abc import Iterable, Mapping

from deploy.errors import DeployError

_GATHERED = ("Parameters", "Rules", "Conditions", "Resources", "Outputs")
_SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", *_GATHERED)
_SECTION = re.compile(r"^(\w+):(.*\n(?:(?:[ #].*)?\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^  (\w+):", re.MULTILINE)
_PLACE = re.compile(r"^( *)# << (.+) >>\n", re.MULTILINE)


def assemble(parts: Mapping[str, str]) -> str:
    """Put the parts of a template together.

    Parameters
    ----------
    parts
        Texts by name, in the order in which they shall stand.

    Returns
    -------
    The template; in each section, a comment names the part that the entries below it come from.

    Raises
    ------
    DeployError
        If two parts have an entry of one name, or a part has something outside of CloudFormation's sections.
    """
    sections: dict[str, str] = {}
    owners: dict[str, str] = {}
    for part, text in parts.items():
        for section, body in _sections(part, text):
            gathered = section in _GATHERED
            for entry in (f"{section}.{name}" for name in _ENTRY.findall(body)) if gathered else [section]:
                if entry in owners:
                    msg = f"{owners[entry]} and {part} both have {entry}, expected it once: rename or delete one"
                    raise DeployError(msg)
                owners[entry] = part
            before = sections.get(section, f"{section}:\n" if gathered else f"{section}:")
            sections[section] = before + (f"  # {part}\n{body.strip(chr(10))}\n" if gathered else body.rstrip() + "\n")
    return "\n".join(sections[section] for section in _SECTIONS if section in sections)


def fill(text: str, blocks: Mapping[str, Iterable[str]]) -> str:
    """Write generated lines where a comment such as `# << columns >>` asks for them, indented like it.

    Raises
    ------
    DeployError
        If there are no such lines.
    """

    def lines(place: re.Match[str]) -> str:
        indent, name = place.groups()
        if name not in blocks:
            msg = f'nothing is generated for "# << {name} >>", expected one of {", ".join(blocks)}'
            raise DeployError(msg)
        return "".join(f"{indent}{line}\n" for line in blocks[name])

    return _PLACE.sub(lines, text)


def _sections(part: str, text: str) -> Iterable[tuple[str, str]]:
    found = _SECTION.findall(text)
    around = [line for line in _SECTION.sub("", text).splitlines() if line and not line.startswith("#")]
    odd = [section for section, _ in found if section not in _SECTIONS] + around
    if odd:
        msg = f'{part} has "{odd[0]}", expected sections: {", ".join(_SECTIONS)}'
        raise DeployError(msg)
    return found
