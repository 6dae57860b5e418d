"""The house rules: packaging, locks, names, sizes, docs, and what starting the command costs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("connector", "adapters")
PACKAGED = ("connector/", "adapters/", "mappings/")
ONLY_FOR_TESTS = re.compile(
    r"/__tests__/|/app/(jest/|[^/]+\.js$|package[^/]*\.json$|\.npmrc|\.prettier)"
)
LOCKS = ("requirements.lock", "requirements-dev.lock")
BINARY = {".xlsx", ".png", ".ico", ".woff2", ".pem", ".parquet"}

# Put together here, so that this file does not break its own rule.
INDEX_HOSTS = re.compile(r"(py" r"pi|python" r"hosted|npm" r"js|deb\.deb" r"ian)\.(org|com)")
MACHINE_PATHS = re.compile(
    r"(?<![\w.$}~-])/(ro" r"ot|ho" r"me/\w+|Us" r"ers/\w+|tm" r"p/[a-z]|wo" r"rk/)"
)

FORBIDDEN_NAMES = {"util", "helper", "manager", "common", "base", "core", "misc"}

# What `creditflag --help` may import beside the standard library (rich looks for attr).
HELP_IMPORTS = {
    "connector", "typer", "click", "rich", "pygments", "markdown_it", "mdurl", "shellingham",
    "typing_extensions", "annotated_doc", "attr",
}  # fmt: skip


def list_files() -> list[Path]:
    """Every file that is or may be committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def list_modules(*tops: str) -> list[Path]:
    return [
        path
        for path in list_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in tops
    ]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_project() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read_lock(name: str) -> dict[str, list[str]]:
    """Requirement lines of a lock (a name may have one line per platform)."""
    found: dict[str, list[str]] = {}
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        found.setdefault(line.split("==")[0].strip(), []).append(line)
    return found


def normalise(requirement: str) -> str:
    """Name of a requirement as locks spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


# -- files, names, sizes, docs -----------------------------------------------------------------


def test_no_file_names_a_package_index_or_a_path_of_some_machine() -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()[:100]}"
        for path in list_files()
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1)
        if INDEX_HOSTS.search(line) or MACHINE_PATHS.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "breaks"),
    [
        ("see /" + "home/ann/creditflag", True),
        ("log in /" + "tmp/out.txt", True),
        ("https://example.com/home", False),
        ("templates/root.html", False),
        ('"${TMPDIR:-/tmp}/x"', False),
    ],
)
def test_a_path_of_some_machine_is_told_from_an_ordinary_one(line: str, breaks: bool) -> None:
    assert bool(MACHINE_PATHS.search(line)) is breaks


def test_modules_say_what_they_hold() -> None:
    vague = [
        shown(path)
        for path in list_modules(*PRODUCT, "tests", "scripts")
        for part in path.relative_to(ROOT).with_suffix("").parts
        if {word.removesuffix("s") for word in part.lower().split("_")} & FORBIDDEN_NAMES
    ]
    assert not vague


def test_functions_and_files_stay_short() -> None:
    long: list[str] = []
    for path in list_modules(*PRODUCT, "tests", "scripts"):
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 600:
            long.append(f"{shown(path)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 80:
                    long.append(f"{shown(path)}:{node.lineno} {node.name}: {size} lines")
    assert not long


def test_every_test_can_fail() -> None:
    checks = ("Assert(", "raises", "assert_", "check", "expect", "fail")
    toothless = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in list_modules("tests", *PRODUCT)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and (path.name.startswith("test_") or "testing" in path.parts)
        and not any(word in ast.dump(node) for word in checks)
    ]
    assert not toothless


def list_packages() -> Iterator[Path]:
    """Folders of the product that hold Python files."""
    yield from sorted({path.parent for path in list_modules(*PRODUCT)})


def test_every_room_opens_with_its_docs() -> None:
    rooms = [folder for folder in list_packages() if "connector" in folder.parts]
    rooms = [folder for folder in rooms if folder.name != "migrations"] + [ROOT / "mappings"]
    assert len(rooms) > 10
    silent = [
        shown(folder)
        for folder in rooms
        if not (folder / "docs.md").is_file()
        or not (folder / "docs.md").read_text(encoding="utf-8").startswith("# ")
    ]
    assert not silent


def test_every_folder_of_the_product_is_a_package() -> None:
    # The walls are checked on packages: a folder without __init__.py would stand outside them.
    assert not [shown(f) for f in list_packages() if not (f / "__init__.py").is_file()]


def test_no_vendor_is_named_in_the_connector() -> None:
    vendors = {
        folder.name
        for folder in (ROOT / "adapters").iterdir()
        if (folder / "manifest.py").is_file() and folder.name != "files"
    }
    assert vendors
    pattern = re.compile(rf"(?<!simple_)(?:{'|'.join(sorted(vendors))})", re.IGNORECASE)
    named = [
        f"{shown(path)}:{number}: {line.strip()[:90]}"
        for path in list_modules("connector")
        if path != ROOT / "connector" / "registry.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not named, "\n".join(named)


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in list_files():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            if "://" in target or target.startswith(("#", "mailto:")):
                continue
            if not (path.parent / target.split("#")[0]).exists():
                broken.append(f"{shown(path)} -> {target}")
    assert not broken


def test_the_readme_names_both_commands_and_ci_runs_the_tests() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "scripts/demo" in readme
    assert "scripts/test" in readme
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in (".ci/run", "scripts/demo", "scripts/test", "scripts/check", "scripts/env"):
        assert os.access(ROOT / name, os.X_OK), f"{name} has no run bit"


# -- dependencies ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    lock = read_lock(name)
    assert len(lock) > 50
    assert not [line for lines in lock.values() for line in lines if "--hash=sha256:" not in line]
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in text


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = read_project()
    table = project["project"]
    groups = project["dependency-groups"]
    extras = table["optional-dependencies"]
    assert isinstance(table["dependencies"], list)
    assert isinstance(groups["build"], list)
    assert isinstance(groups["dev"], list)
    assert isinstance(extras, dict)
    runtime = {normalise(entry) for entry in [*table["dependencies"], *groups["build"]]}
    optional = [entry for entries in extras.values() for entry in entries]
    tools = {normalise(entry) for entry in [*groups["dev"], *optional]}
    assert runtime <= set(read_lock("requirements.lock"))
    assert runtime | tools <= set(read_lock("requirements-dev.lock"))


def test_what_is_tested_is_what_users_run() -> None:
    runtime, dev = read_lock("requirements.lock"), read_lock("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime


def test_every_dependency_has_its_line_of_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    blocks = re.findall(
        r"^(?:dependencies|postgres|testing|build|dev) = \[\n(.*?)^\]", text, re.M | re.S
    )
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 30
    assert not [line for line in lines if not re.search(r'",\s+# \w.{10,}', line)]


# -- scripts -----------------------------------------------------------------------------------


def test_the_environment_maker_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "env", tmp_path / "scripts" / "env")
    for name in (*LOCKS, "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    maker = str(tmp_path / "scripts" / "env")
    missing = {**os.environ, "CREDITFLAG_PYTHON": "no-such-python"}
    answer = subprocess.run([maker], env=missing, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "Python 3.11 or newer" in answer.stderr
    assert "Next:" in answer.stderr
    assert not (tmp_path / ".venv").exists()
    answer = subprocess.run([maker, "nonsense"], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "usage:" in answer.stderr


def test_a_server_that_is_named_already_is_used_and_the_exit_code_kept() -> None:
    answer = subprocess.run(
        [str(ROOT / "scripts" / "with_postgres"), "sh", "-c",
         'printf %s "$CREDITFLAG_TEST_POSTGRES_URL"; exit 3'],
        env={**os.environ, "CREDITFLAG_TEST_POSTGRES_URL": "postgresql://there/db"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stdout) == (3, "postgresql://there/db")


@pytest.mark.postgres
def test_the_throw_away_server_answers(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


# -- the command and the wheel -----------------------------------------------------------------


def test_help_imports_only_what_it_needs() -> None:
    script = (
        "import sys\n"
        "from connector.cli.main import main\n"
        "sys.argv = ['creditflag', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert end.code in (0, None), end.code\n"
        "print('|'.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    loaded = set(answer.stdout.splitlines()[-1].split("|"))
    startup = subprocess.run(
        [sys.executable, "-c", "import sys; print('|'.join(m.split('.')[0] for m in sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = loaded - set(startup.stdout.strip().split("|")) - set(sys.stdlib_module_names)
    assert "connector" in own
    assert own <= HELP_IMPORTS, sorted(own - HELP_IMPORTS)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commands of an environment that holds the built wheel and, behind it, our packages."""
    folder = tmp_path_factory.mktemp("wheel")
    run = [sys.executable, "-m"]
    subprocess.run(
        [*run, "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("creditflag-*.whl")
    subprocess.run([*run, "venv", "--without-pip", str(folder / "env")], check=True)
    (packages,) = (folder / "env").glob("**/site-packages")
    # Lines of a .pth are appended, so the wheel's own files are found first.
    here = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "behind.pth").write_text("\n".join(here) + "\n", encoding="utf-8")
    commands = next(path for path in (folder / "env").iterdir() if path.name in ("bin", "Scripts"))
    subprocess.run(
        [*run, "pip", "--python", str(commands / "python"), "install", "--quiet", "--no-deps",
         "--no-index", str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    return commands


@pytest.mark.slow
def test_the_wheel_holds_code_and_documents(installed: Path, tmp_path: Path) -> None:
    script = (
        "import importlib.resources, connector\n"
        "print(connector.__file__, importlib.resources.files('mappings'), sep='\\n')\n"
    )
    answer = subprocess.run(
        [str(installed / "python"), "-c", script],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    connector_file, mappings = answer.stdout.splitlines()
    packages = Path(connector_file).parent.parent
    assert packages.is_relative_to(installed.parent)
    assert str(packages) in mappings
    ours = [shown(path) for path in list_files() if shown(path).startswith(PACKAGED)]
    assert any(name.startswith("mappings/policy/") for name in ours)
    held = {name for name in ours if (packages / name).is_file()}
    assert [name for name in ours if name not in held and not ONLY_FOR_TESTS.search(name)] == []
    assert not [name for name in held if ONLY_FOR_TESTS.search(name)]
    assert not list(packages.glob("adapters/**/node_modules"))


@pytest.mark.slow
def test_the_installed_command_answers(installed: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [str(installed / "creditflag"), "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "plan" in answer.stdout
