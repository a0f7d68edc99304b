"""Which of Smack's tests run, and the reasons of those that do not (`tests.txt`)."""

import dataclasses
import pathlib
import re
import zipfile

LIST = pathlib.Path(__file__).with_name("tests.txt")
_TEST_CLASS = re.compile(
    r"^org/(?:jivesoftware|igniterealtime)/smackx?/(?!inttest/).*?(\w+)\.class$"
)


@dataclasses.dataclass(frozen=True)
class Selection:
    """Classes that run, and what is left out with the reason."""

    run: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def disabled(self) -> list[str]:
        """What must be switched off within the classes that run."""
        return [name for name in self.left_out if "." in name]

    @classmethod
    def load(cls, path: pathlib.Path = LIST) -> "Selection":
        """Read the list."""
        run: list[str] = []
        left_out: dict[str, str] = {}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            verb, _, rest = line.partition(" ")
            name, _, reason = rest.partition(": ")
            if verb == "run" and not reason:
                run.append(name)
            elif verb == "skip" and reason:
                left_out[name] = reason
            elif line and not line.startswith("#"):
                raise ValueError(
                    f"{path.name}:{number}: neither `run CLASS` nor `skip NAME: reason`"
                )
        return cls(tuple(run), left_out)


def classes_in(jar: pathlib.Path) -> set[str]:
    """The test classes that a release of the suite has."""
    with zipfile.ZipFile(jar) as archive:
        names = {found[1] for path in archive.namelist() if (found := _TEST_CLASS.match(path))}
    return {name for name in names if name.endswith("Test") and not name.startswith("Abstract")}
