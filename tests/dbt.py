"""Small dbt projects on disk, and what is written where they are taken over."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sparkjobs import dbt_projects
from sparkjobs.dbt_projects import Remark
from tests.checks import registry
from tests.unit.projects import write

GIVEN = Path(__file__).parent / "given"
MAIN = "name: shop\nprofile: shop\n"
_HEAD = "# yaml-language-server: "
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a dbt project."""

    root: Path
    remarks: tuple[Remark, ...]

    def text(self, path: str) -> str:
        """What a file says, but for the line that tells editors its schema; empty where there is none."""
        file = self.root / path
        lines = file.read_text().splitlines(keepends=True) if file.is_file() else []
        return "".join(line for line in lines if not line.startswith(_HEAD))

    @property
    def files(self) -> Mapping[str, str]:
        """All files of conf, SQL and properties, by path."""
        paths = (one.relative_to(self.root) for one in sorted(self.root.rglob("*")) if one.is_file())
        kept = (one for one in paths if one.parts[0] in ("conf", "jobs") and one.suffix in (".yml", ".sql"))
        return {str(one): self.text(str(one)) for one in kept}

    @property
    def told(self) -> list[tuple[str, str]]:
        """What is told, with its place."""
        return [(one.place, one.what) for one in self.remarks]

    @property
    def hands(self) -> list[tuple[str, str, str]]:
        """What needs a hand."""
        return [(one.place, one.what, one.fix) for one in self.remarks if one.fix]


def imported(root: Path, to: Path) -> Imported:
    """The dbt project in `root`, taken over into `to`."""
    taken = dbt_projects.taken_over(root, registry().checks)
    return Imported(to, dbt_projects.write(taken, to, {}))


def from_files(folder: Path, files: Mapping[str, str | bytes], main: str = "") -> Imported:
    """A dbt project of `files`, with `main` said in its dbt_project.yml besides."""
    write(folder / "theirs", {"dbt_project.yml": MAIN + main, **files})
    return imported(folder / "theirs", folder / "ours")


def apart(one: Imported) -> Imported:
    """The same project, with its jobs in a package of a name that no other project of this process has."""
    package = f"taken_{next(_numbers)}"
    (one.root / "jobs").rename(one.root / package)
    main = one.root / "conf/sparkjobs.yml"
    main.write_text(main.read_text().replace("jobs: [jobs]", f"jobs: [{package}]"))
    return one
