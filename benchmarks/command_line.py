"""What the command lines of benchmarks share."""

import ast


def setting(text):
    """Return the name and the value of ``NAME=VALUE``; what is no literal is text."""
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def named(tasks, only):
    """Return all tasks, or those of the names that are asked for."""
    if not only:
        return tasks
    names = [task.name for task in tasks]
    if unknown := {*only} - {*names}:
        raise SystemExit(
            f"There is no {sorted(unknown)}; known are {names}. What is read from a "
            f"file is there when its option is."
        )
    return [task for task in tasks if task.name in only]


def set_parameters(pipe, parameters):
    """Set parameters of a pipeline, or of its last step, and return it."""
    known, last = pipe.get_params(), pipe.steps[-1][0]
    for name, value in (parameters or {}).items():
        pipe.set_params(**{name if name in known else f"{last}__{name}": value})
    return pipe
