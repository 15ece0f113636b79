"""A job: its conf, and a function that has its inputs."""

from collections.abc import Mapping
from keyword import iskeyword

from sparkjobs.config import Conf
from sparkjobs.config.mistakes import guess
from sparkjobs.errors import UsageError
from sparkjobs.registry import Registry
from sparkjobs.scaffold.files import filled, refuse_no_name, schema_line, write_new


def new_job(conf: Conf, registry: Registry, name: str, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Write the job `name` with `inputs`, each `INPUT=ref:job` or `INPUT=source:name`.

    Returns:
        The files.

    Raises:
        UsageError: a name is none, or taken, or leads nowhere; then nothing is written.
    """
    _refuse_no_python("The job", name)
    if name in registry.jobs:
        raise UsageError(f"There is a job {name!r}, at {registry.jobs[name].place}.", "Take another name.")
    if "warehouse" not in conf.project.paths:
        raise UsageError(
            "`paths:` names no warehouse, where the table of a new job would lie.",
            "Declare one in conf/sparkjobs.yml; for example warehouse: data/warehouse",
        )
    origins = _origins(conf, inputs)
    texts = {
        f"conf/jobs/{name}.yml": schema_line(conf.root, "job", "conf/jobs")
        + filled("job.yml", name=name, inputs=", ".join(f"{one}: {{{of}}}" for one, of in origins.items())),
        f"{_package(conf)}/{name}.py": filled(
            "job.py",
            name=name,
            first=next(iter(origins)),
            parameters=", ".join(f"{one}: DataFrame" for one in origins),
        ),
    }
    write_new(conf.root, texts)
    return tuple(texts)


def _origins(conf: Conf, inputs: tuple[str, ...]) -> Mapping[str, str]:
    """What conf says of each input."""
    found: dict[str, str] = {}
    known = {"ref": ("job", conf.jobs), "source": ("source", conf.sources)}
    for text in inputs:
        name, _, origin = text.partition("=")
        kind, _, of = origin.partition(":")
        if kind not in known or not of:
            raise UsageError(
                f"--input {text!r} is not INPUT=ref:JOB or INPUT=source:NAME.",
                "For example: --input sales=source:sales",
            )
        _refuse_no_python("The input", name)
        noun, there = known[kind]
        if of not in there:
            raise UsageError(
                f"There is no {noun} {of!r}; {guess(of, there, 'there is')}", "Nothing was written."
            )
        if name in found:
            raise UsageError(f"The input {name!r} is given twice.", "Nothing was written.")
        found[name] = f"{kind}: {of}"
    return found


def _refuse_no_python(noun: str, name: str) -> None:
    refuse_no_name(noun, name)
    if iskeyword(name):
        raise UsageError(f"{noun} {name!r} would be a word of Python's own.", "Nothing was written.")


def _package(conf: Conf) -> str:
    """The folder of the first package of `jobs:`."""
    package = conf.project.jobs[0].replace(".", "/")
    if not (conf.root / package).is_dir():
        raise UsageError(
            f"{package} is no folder in {conf.root}.", "The first of `jobs:` is to be a package."
        )
    return package
