"""The rules that keep the house in order: who may import whom, what is never called, how long things may get."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
PACKAGES = (
    "voiceproject", "jobs", "webhooks", "models_app", "conversions", "tts", "accounts", "clients", "studio",
    "monitoring", "rvc", "launch",
)  # fmt: skip
LAYERS = ("monitoring", "studio", "clients", "accounts", "tts", "conversions", "models_app", "webhooks", "jobs")
"""Left may import right, never back."""

SHELF = (
    "rvc.errors",
    "rvc.arguments",
    "rvc.options",
    "rvc.voicefile",
    "rvc.sandbox",
    "rvc.resident",
    "rvc.assets",
    "rvc.codec",
    "rvc.features",
    "rvc.pitch.methods",
    "rvc.pitch.fitting",
)
"""What web processes may import: free of torch."""

ENGINE_PLACES = {"tasks.py", "management"}
"""Where an app may reach the rest of the library, inside of functions."""

HEAVY = ("torch", "faiss", "librosa", "numba", "onnxruntime", "pyworld")

BANNED_CALLS = {
    "torch.load",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "joblib.load",
    "marshal.loads",
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "faiss.read_index",
    "mark_safe",
}
BANNED_FLAGS = {"shell", "allow_pickle"}
"""Keywords that may only be given as False, to say so."""

LONGEST_FUNCTION = 60
LONGEST_FILE = 300


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def sources():
    found = [ROOT / "manage.py", ROOT / "run.py"]
    for package in PACKAGES:
        found += sorted((ROOT / package).rglob("*.py"))
    return [path for path in found if path.is_file() and "migrations" not in path.parts]


def name(path):
    return path.relative_to(ROOT).as_posix()


def imports(tree):
    """Every module that is imported, as dotted names; `from a import b` counts as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say where they lead, from the top"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_on_load(tree):
    """The imports that happen when the module is loaded: those outside of functions and of TYPE_CHECKING."""
    body = ast.Module(body=[], type_ignores=[])
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        body.body.append(node)
    return imports(body)


def under(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def sources_of(*packages):
    return [path for path in sources() if path.relative_to(ROOT).parts[0] in packages]


def test_apps_import_in_one_direction():
    for place, app in enumerate(LAYERS):
        for path in sources_of(app):
            assert [module for module in imports(tree_of(path)) if under(module, LAYERS[:place])] == [], name(path)


def test_apps_import_only_the_torch_free_shelf():
    for path in sources_of("voiceproject", *LAYERS):
        engine = [module for module in imports(tree_of(path)) if under(module, ("rvc",)) and not under(module, SHELF)]
        if ENGINE_PLACES & {*path.parts}:
            engine = [module for module in imports_on_load(tree_of(path)) if module in engine]
        assert engine == [], name(path)


def test_the_library_knows_no_django():
    strangers = ("django", "django_q", "rest_framework", "environ", *(set(PACKAGES) - {"rvc"}))
    for path in sources_of("rvc"):
        assert [module for module in imports(tree_of(path)) if under(module, strangers)] == [], name(path)


def test_the_project_package_knows_no_app():
    for path in sources_of("voiceproject"):
        if path.name != "urls.py":
            assert [module for module in imports_on_load(tree_of(path)) if under(module, LAYERS)] == [], name(path)


def test_banned_calls():
    for path in sources():
        assert list(banned(tree_of(path))) == [], name(path)


def banned(tree):
    """Line and text of each thing that has no place in the product."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if ast.unparse(node.func) in BANNED_CALLS:
                yield node.lineno, ast.unparse(node.func)
            for keyword in node.keywords:
                if keyword.arg in BANNED_FLAGS and ast.unparse(keyword.value) != "False":
                    yield node.lineno, ast.unparse(keyword)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in BANNED_CALLS:
                    yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path, weights_only=True)",
        "from pickle import loads",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run(text, shell=wanted)",
        "eval('1')",
    ],
)
def test_banned_calls_are_noticed(line):
    assert list(banned(ast.parse(line)))


def test_functions_and_files_stay_short():
    long = []
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                long.append((name(path), node.name))
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE:
            long.append((name(path), "the file"))
    assert long == []


def loaded_after(*statements):
    """The heavy packages in a fresh interpreter that ran these statements."""
    program = "; ".join(("import sys", *statements, f"print(*[m for m in {HEAVY} if m in sys.modules])"))
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


SETUP = ("import os", "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'", "import django", "django.setup()")


def test_the_web_process_loads_no_engine():
    assert loaded_after(*SETUP, "from django.urls import get_resolver", "get_resolver().url_patterns") == []


def test_the_tasks_load_no_engine_before_they_run():
    """A worker forks with what is loaded: threads of torch or faiss would not survive it."""
    tasks = [name(path).removesuffix(".py").replace("/", ".") for path in sources() if path.name == "tasks.py"]
    assert tasks
    assert loaded_after(*SETUP, *(f"import {module}" for module in tasks)) == []


def test_the_shelf_is_free_of_torch():
    files = [path for path in sources() if under(module_of(path), SHELF)]
    assert loaded_after(*(f"import {module_of(path)}" for path in files)) == []


def module_of(path):
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_every_option_has_its_column():
    """A row holds all that is needed to make its result again."""
    from dataclasses import fields

    from conversions.models import Conversion
    from rvc.options import ConversionOptions

    for option in fields(ConversionOptions):
        assert Conversion._meta.get_field(option.name).default == option.default, option.name


def test_no_stray_package():
    """A new package at the top gets a line here, and with it the rules."""
    packages = {path.parent.name for path in Path(ROOT).glob("*/__init__.py")}
    assert packages == set(PACKAGES) | {"tests"}
