"""The package is built in one direction: each layer imports those below it, never one above."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import offramp
from offramp.questions.registry import ROOMS

PACKAGE = Path(offramp.__file__).parent

# From the ground up. A name stands for a module, or for everything in a package that no longer name claims.
LAYERS = (
    ("errors", "version", "tree", "dates"),
    ("writing",),
    ("given", "windows"),
    ("model",),
    ("distribution", "anatomy", "explanation"),
    ("copula",),
    ("language",),
    ("engine",),
    ("runs.known",),
    ("runs.knowledge",),
    ("runs.design",),
    ("runs.attributes",),
    ("runs.dataset",),
    ("runs.within",),
    ("runs",),
    ("analysis",),
    ("truth",),
    ("tell.blocks", "tell.figures", "tell.words", "tell.changes"),
    ("charts",),
    ("tell",),
    ("questions",),
    ("brief",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def layer(module):
    """The name in LAYERS to which a module belongs; None for crises, which are data."""
    parts = module.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in LEVEL), None)


def modules(for_types=True):
    """Name of each module -> the names of the modules of this package that it imports, anywhere in it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = set(imports(ast.parse(path.read_text(encoding="utf-8")), for_types))
    return found


def imports(node, for_types):
    """Modules imported below a node; those of `if TYPE_CHECKING` only where asked for."""
    if isinstance(node, ast.Import):
        yield from (a.name.removeprefix("offramp.") for a in node.names if a.name.startswith("offramp."))
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        module = (node.module or "").partition("offramp.")[2]
        if node.module == "offramp":
            yield from (a.name for a in node.names if (PACKAGE / a.name).with_suffix(".py").exists())
        elif module:
            # `from offramp.engine import luck` imports the module engine.luck.
            inside = [f"{module}.{a.name}" for a in node.names]
            files = [PACKAGE / Path(*name.split(".")).with_suffix(".py") for name in inside]
            yield from (n if f.exists() else module for n, f in zip(inside, files, strict=True))
    elif for_types or not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
        for child in ast.iter_child_nodes(node):
            yield from imports(child, for_types)


def top(name):
    return name.partition(".")[0]


def test_every_module_has_a_layer():
    """A new module says where it belongs; crises are data."""
    assert {top(m) for m in modules() if layer(m) is None} == {"crises"}


def test_imports_go_one_way():
    wrong = [
        f"{module} imports {other}"
        for module, others in modules().items()
        for other in sorted(others)
        if layer(module) and layer(other) and LEVEL[layer(other)] > LEVEL[layer(module)]
    ]
    assert not wrong


def test_no_two_modules_need_each_other():
    known = modules(for_types=False)
    needs = {m: others & known.keys() for m, others in known.items()}
    waiting = dict(needs)
    while waiting:
        ready = [m for m, others in waiting.items() if not others & waiting.keys() - {m}]
        assert ready, f"in a circle: {sorted(waiting)}"
        for m in ready:
            del waiting[m]


@pytest.mark.parametrize("above", ["analysis", "charts"])
def test_whoever_reads_runs_does_not_need_the_simulator(above):
    """Saved runs answer every question: analysis and charts see the dataset only."""
    forbidden = {"engine", "runs.design", "runs", "language", "questions"}
    for module, others in modules().items():
        if top(module) == above:
            assert not {layer(o) for o in others} & forbidden, module


HEAVY = (
    "numpy", "xarray", "pandas", "llvmlite", "vl_convert", "jinja2", "yaml", "pyarrow", "h5netcdf",
    "sklearn", "SALib", "networkx", "matplotlib",
)  # fmt: skip


def in_a_fresh_process(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def test_importing_offramp_is_quick_and_loads_nothing_heavy():
    loaded = in_a_fresh_process(f"import sys, offramp; print([m for m in {HEAVY} if m in sys.modules])")
    assert loaded == "[]"
    timed = "import time; t = time.perf_counter(); import offramp; print(time.perf_counter() - t)"
    assert min(float(in_a_fresh_process(timed)) for _ in range(3)) < 0.3


def test_checking_a_model_loads_nothing_that_only_runs_need():
    loaded = in_a_fresh_process(
        "import sys, offramp; offramp.load('us-iran-2020'); import offramp.cli; "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert set(ast.literal_eval(loaded)) <= {"numpy", "yaml"}


def test_every_public_name_is_there_and_no_module_hides_it():
    """`offramp.brief` is a package and `ofr.brief` a function; importing one must not take the other."""
    import offramp.brief.page
    from offramp.brief.page import BriefPage

    assert callable(BriefPage)
    for name in offramp.__all__:
        thing = getattr(offramp, name)
        assert isinstance(thing, str) if name == "__version__" else callable(thing), name
    assert set(offramp.__all__) <= set(dir(offramp))


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(AttributeError, match="simulate_blocks"):
        offramp.simulat  # noqa: B018


def test_type_checkers_see_every_public_name():
    """They do not run the code that finds names when they are first used, so these stand there once more.

    The function of a new question need not: whoever wants it checked adds it.
    """
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test))
    imported = {a.asname or a.name for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    listed = next(ast.literal_eval(n.value) for n in block.body if isinstance(n, ast.Assign))
    assert set(listed) == imported | {"__version__"}
    assert set(offramp.__all__) - set(ROOMS) <= set(listed) <= set(offramp.__all__)
