"""Writes the pages of docs/profiles/ from the definitions in `profiles/`: one for each profile, one of codes, one of extensions.

    python -m tools.describe_profiles

Nobody edits the pages; a test keeps them as the definitions have them.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.fhir.canonical import OURS
from fhir_server.fhir.codec import encode
from fhir_server.fhir.definitions import r4, read
from fhir_server.validation.profile import ACCEPTED
from fhir_server.validation.rules import swedish

DOCS = Path(__file__).parent.parent / "docs/profiles"
FIXED = ("fixed", "pattern")
STORIES = "../../examples/stories"

Json = Mapping[str, Any]


def main() -> None:
    """Puts the pages in their places, and takes away those of profiles that are gone."""
    DOCS.mkdir(exist_ok=True)
    told = dict(pages())
    for old in DOCS.glob("*.md"):
        if old.name not in told:
            old.unlink()
    for name, text in told.items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> Iterator[tuple[str, str]]:
    """The pages by the names of their files."""
    definitions = [one for _, one in read("profiles")]
    structures = {one["url"]: one for one in definitions if one["resourceType"] == "StructureDefinition"}
    profiles = [one for one in structures.values() if one["type"] != "Extension"]
    yield "README.md", _index(profiles)
    yield "extensions.md", _extensions([one for one in structures.values() if one["type"] == "Extension"])
    yield "codes.md", _codes([one for one in definitions if one["resourceType"] == "CodeSystem"])
    for profile in profiles:
        yield f"{profile['id']}.md", _profile(profile, structures)


# ------------------------------------------------------------------------------------------------ the pages


def _index(profiles: Iterable[Json]) -> str:
    rows = [f"| [{one['title']}]({one['id']}.md) | {one['type']} | `{one['url']}` |" for one in profiles]
    return _page(
        "Profiles",
        "What the resources of a plan and of a case must hold. [Codes](codes.md), [extensions](extensions.md).",
        ["| profile | of | canonical |", "|---|---|---|", *rows],
    )


def _profile(profile: Json, structures: Mapping[str, Json]) -> str:
    chain = list(_chain(profile, structures))
    elements = _merged(chain)
    aliases = [one["valueCanonical"] for one in profile.get("extension", ()) if one["url"] == ACCEPTED]
    base = profile["baseDefinition"]
    facts = [
        f"- Canonical: `{profile['url']}`",
        *(f"- Accepted in its place: `{alias}`" for alias in aliases),
        f"- Of: {profile['type']}"
        + (f", on [{structures[base]['title']}]({structures[base]['id']}.md)" if base in structures else ""),
        *(["- Abstract: nothing claims it by itself."] if profile["abstract"] else []),
    ]
    return _page(profile["title"], profile["description"], facts, _members(elements), _rules(chain), _example(profile))


def _extensions(extensions: Iterable[Json]) -> str:
    rows = []
    for one in extensions:
        where = ", ".join(context["expression"] for context in one["context"])
        rows.append(f"| `{one['id']}` | {where} | {_cell(_value(one))} | {_cell(one['description'])} |")
    words = f"Each has the canonical `{OURS}/StructureDefinition/` and its name."
    return _page("Extensions", words, ["| name | in | value | meaning |", "|---|---|---|---|", *rows])


def _codes(systems: Iterable[Json]) -> str:
    parts = []
    for one in systems:
        rows = [
            f"| `{concept['code']}` | {concept['display']} | {_english(concept)} | {_cell(concept.get('definition', ''))} |"
            for concept in one["concept"]
        ]
        head = ["| code | svenska | English | meaning |", "|---|---|---|---|"]
        parts.append([f"## {one['title']}", "", f"`{one['url']}`: {one['description']}", "", *head, *rows])
    return _page("Codes", "The code systems of the process; each is a value set of the same name.", *parts)


def _page(title: str, words: str, *parts: Iterable[str]) -> str:
    told = [f"# {title}", words, *("\n".join(part) for part in parts)]
    return "\n\n".join(filter(None, told)) + "\n"


# ------------------------------------------------------------------------------------------------ what is in them


def _chain(profile: Json, structures: Mapping[str, Json]) -> Iterator[Json]:
    """The profile's own bases first, itself last."""
    if profile["baseDefinition"] in structures:
        yield from _chain(structures[profile["baseDefinition"]], structures)
    yield profile


def _merged(chain: Iterable[Json]) -> dict[str, dict[str, Any]]:
    """By id, what the chain says of each element, what is nearer to the profile last."""
    found: dict[str, dict[str, Any]] = {}
    for profile in chain:
        for element in profile["differential"]["element"]:
            found[element["id"]] = found.get(element["id"], {}) | element
    return found


def _members(elements: Mapping[str, Json]) -> list[str]:
    rows = [
        f"| `{id.partition('.')[2]}` | {_occurs(element)} | {_cell(_meaning(element))} |"
        for id, element in elements.items()
        if "." in id and {"id", "path", "slicing"} != element.keys()
    ]
    return [
        "## Members",
        "",
        "Whatever is not named here is as R4 has it.",
        "",
        "| member | how many | what |",
        "|---|---|---|",
        *rows,
    ]


def _occurs(element: Json) -> str:
    least, most = _of_r4(element["path"])
    if "sliceName" in element:
        least = 0
    return f"{element.get('min', least)}..{element.get('max', most)}"


def _of_r4(path: str) -> tuple[int, str]:
    """How often R4 lets an element stand."""
    type, *names = path.split(".")
    least, most = 0, "*"
    for name in names:
        element = r4().elements(type)[name.removesuffix("[x]")]
        least, most = element.min, "*" if element.many else "1"
        type = element.types[0]
    return least, most


def _meaning(element: Json) -> str:
    parts = [element.get("short", "")]
    for kind in FIXED:
        parts += [f"always `{_inline(value)}`" for name, value in element.items() if name.startswith(kind)]
    if "binding" in element:
        parts.append(f"{element['binding']['strength']}: `{element['binding']['valueSet'].rpartition('/')[2]}`")
    for type in element.get("type", ()):
        parts += [one.rpartition("/")[2] for one in (*type.get("targetProfile", ()), *type.get("profile", ()))]
    return "; ".join(filter(None, parts))


def _inline(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()


def _rules(chain: Iterable[Json]) -> list[str]:
    rules = [
        f"| `{rule['key']}` | {element['path']} | {_cell(rule['human'])} | {_cell(swedish(rule))} |"
        for profile in chain
        for element in profile["differential"]["element"]
        for rule in element.get("constraint", ())
    ]
    return ["## Rules", "", "| rule | of | English | svenska |", "|---|---|---|---|", *rules] if rules else []


def _example(profile: Json) -> list[str]:
    """The shortest of those in the stories that claim it."""
    found = [
        (len(encode(entry["resource"])), name, entry["request"]["url"], entry["resource"])
        for name, bundle in read("examples/stories")
        for entry in bundle["entry"]
        if profile["url"] in entry["resource"].get("meta", {}).get("profile", ())
    ]
    if not found:
        return []
    _, name, place, resource = min(found, key=lambda one: one[:3])
    text = msgspec.json.format(encode(resource), indent=2).decode()
    return ["## Example", "", f"`{place}` in [{name}]({STORIES}/{name}):", "", "```json", text, "```"]


def _value(extension: Json) -> str:
    parts = {element["id"]: element for element in extension["differential"]["element"]}
    own = parts.get("Extension.value[x]", {})
    if "type" in own:
        return "; ".join(filter(None, (", ".join(type["code"] for type in own["type"]), _meaning(own))))
    names = [one["sliceName"] for one in parts.values() if one["path"] == "Extension.extension" and "sliceName" in one]
    return "parts: " + ", ".join(f"`{name}`" for name in names)


def _english(concept: Json) -> str:
    return next((one["value"] for one in concept.get("designation", ()) if one.get("language") == "en"), "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
