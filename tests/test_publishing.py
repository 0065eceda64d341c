"""The workflows and the Read the Docs configuration agree with the project and its documentation."""

import configparser
import itertools
import pathlib
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from _pytest.mark.expression import Expression

ROOT = pathlib.Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
READ_THE_DOCS = ROOT / ".readthedocs.yaml"
PAGE = ROOT / "docs" / "publishing.md"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def read(path: pathlib.Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def pages() -> dict:
    return read(ROOT / ".github" / "workflows" / "pages.yml")


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def scripts() -> dict[str, str]:
    """All commands, by file; continued lines are joined."""
    commands = {path.name: "\n".join(step.get("run", "") for step in steps(read(path))) for path in WORKFLOWS}
    commands[READ_THE_DOCS.name] = "\n".join(read(READ_THE_DOCS)["build"]["commands"])
    return {name: re.sub(r" \\\n\s*", " ", text) for name, text in commands.items()}


def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    return parser


def pythons() -> list[str]:
    """The versions of Python that the package supports."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [
        name.rpartition(" ")[2]
        for name in project["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.[0-9]+", name)
    ]


def command(environment: str) -> str:
    """The README's command for a tox environment."""
    return next(line for line in README.splitlines() if line.endswith(f".venv/bin/tox -e {environment}"))


def blocks() -> list[str]:
    """The blocks of commands of the page on publishing."""
    return re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_are_the_three_workflows():
    assert [path.name for path in WORKFLOWS] == ["pages.yml", "tests.yml", "weekly.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestEachWorkflow:
    def test_has_no_secret_and_may_only_read(self, path):
        workflow = read(path)
        assert "secrets" not in path.read_text(encoding="utf-8")
        assert workflow["permissions"] == {"contents": "read"}
        allowed = {"deploy": {"pages": "write", "id-token": "write"}}
        for name, job in workflow["jobs"].items():
            assert job.get("permissions", {}) == allowed.get(name, {})

    def test_pins_the_major_version_of_every_action(self, path):
        used = [step["uses"] for step in steps(read(path)) if "uses" in step]
        assert used
        assert all(re.fullmatch(r"actions/[a-z-]+@v[0-9]+", action) for action in used)

    def test_has_a_named_system_and_a_time_limit_in_every_job(self, path):
        for job in read(path)["jobs"].values():
            assert re.fullmatch(r"ubuntu-[0-9.]+", job["runs-on"])
            assert 0 < job["timeout-minutes"] <= 90

    def test_uses_the_readmes_python_or_all_that_the_package_supports(self, path):
        (version,) = set(re.findall(r"Python (3\.[0-9]+)", README))
        for job in read(path)["jobs"].values():
            for step in job["steps"]:
                if "setup-python" in step.get("uses", ""):
                    used = step["with"]["python-version"]
                    if used != version:
                        assert used == "${{ matrix.python }}"
                        assert job["strategy"]["matrix"]["python"] == pythons()

    def test_caches_what_is_installed_by_the_hash_of_the_pins(self, path):
        """The key names the Python too: an environment refers to its interpreter."""
        cached = [step["with"] for step in steps(read(path)) if "actions/cache" in step.get("uses", "")]
        assert cached
        for cache in cached:
            assert "~/.cache/uv" in cache["path"].split()
            (pattern,) = re.findall(r"hashFiles\('([^']+)'\)", cache["key"])
            assert list(ROOT.glob(pattern))
            assert "${{ steps.python.outputs.python-version }}" in cache["key"]

    def test_puts_no_expression_into_a_script(self, path):
        """User input reaches a script as a variable, never as a part of it."""
        assert all("${{" not in step.get("run", "") for step in steps(read(path)))

    def test_runs_one_at_a_time(self, path):
        assert read(path)["concurrency"]["group"].startswith(path.stem)


@pytest.mark.parametrize("name", ["pages.yml", "tests.yml", "weekly.yml", ".readthedocs.yaml"])
def test_every_tox_environment_that_is_run_exists(name):
    run = re.findall(r"\.venv/bin/tox (?:exec )?-e (\"?[a-z]+)", scripts()[name])
    assert run
    for environment in run:
        # In quotes, a variable follows: it chooses the pinned or the newest versions.
        section = environment.lstrip('"') + ("{,-newest}" if environment.startswith('"') else "")
        assert {f"testenv:{section}", f"testenv:{section}{{,-newest}}"} & set(tox()), environment


def test_pages_are_built_by_the_readmes_command():
    assert command("docs") in scripts()["pages.yml"].splitlines()
    (upload,) = [step for step in steps(pages()) if "upload-pages-artifact" in step.get("uses", "")]
    assert f"`{upload['with']['path']}/index.html`" in README


def test_pages_are_built_every_week_and_by_hand_with_a_profile_and_not_for_every_change():
    # YAML 1.1 reads the key "on" as true.
    triggers = pages()[True]
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    assert every_week(triggers)
    profile = triggers["workflow_dispatch"]["inputs"]["profile"]
    assert profile["default"] == "default"
    assert set(profile["options"]) == {"default", "quick"}
    assert pages()["jobs"]["build"]["env"]["TFMXBENCH_PROFILE"] == "${{ inputs.profile || 'default' }}"


def test_one_of_two_ways_to_build_is_taken():
    conditions = [step["if"] for step in steps(pages()) if "if" in step]
    assert conditions == ["env.PUBLISHED_RESULTS == ''", "env.PUBLISHED_RESULTS != ''"]


def test_building_from_results_builds_as_tox_does():
    """It runs only the last command of the docs environment, after the measuring."""
    built = tox()["testenv:docs{,-newest}"]["commands"].strip().splitlines()[-1].strip()
    assert built.startswith("python -m tfmxbench.")
    assert f".venv/bin/tox exec -e docs -- {built}" in scripts()["pages.yml"].splitlines()
    assert f".venv/bin/tox exec -e docs -- {built}" in "\n".join(blocks())
    assert "PUBLISHED_RESULTS" in PAGE.read_text(encoding="utf-8")


def test_the_site_is_deployed_once_it_is_built():
    deploy = pages()["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert deploy["environment"]["name"] == "github-pages"
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def every_week(triggers: dict) -> bool:
    """Whether it starts once a week."""
    (schedule,) = triggers["schedule"]
    return bool(re.fullmatch(r"[0-9]+ [0-9]+ \* \* [0-6]", schedule["cron"]))


def test_every_change_is_tested_in_jobs_side_by_side():
    workflow = read(ROOT / ".github" / "workflows" / "tests.yml")
    assert set(workflow[True]) == {"push", "pull_request"}
    assert set(workflow["jobs"]) == {"lint", "unit", "trials", "site"}
    assert not [job for job in workflow["jobs"].values() if "needs" in job]


def test_every_week_everything_is_tested_as_the_readme_says_and_with_the_newest_versions():
    workflow = read(ROOT / ".github" / "workflows" / "weekly.yml")
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}
    assert every_week(workflow[True])
    assert workflow["jobs"]["measured"]["strategy"]["matrix"]["versions"] == ["", "-newest"]
    lines = scripts()["weekly.yml"].splitlines()
    prepare, _, _ = command("docs").rpartition(" && ")
    assert prepare in lines
    for environment in ("lint", "docs", "tests"):
        assert [line for line in lines if line.endswith(f'.venv/bin/tox -e "{environment}$VERSIONS"')]
    assert ".venv/bin/tox -e sweeps" in lines


def test_no_test_is_left_out_of_all_jobs():
    """Every test runs for a change, except those with a marker for the weekly run."""
    chosen = re.findall(r'-m "([^"]+)"', "\n".join(tox()["testenv:unit"].values()) + scripts()["tests.yml"])
    assert len(chosen) == 3
    for names in itertools.product([False, True], repeat=2):
        carried = dict(zip(("frameworks", "site"), names, strict=True), measured=False, sweep=False)
        assert [text for text in chosen if Expression.compile(text).evaluate(carried.__getitem__)], carried


def test_read_the_docs_builds_the_quick_profile_with_the_readmes_python():
    configuration = read(READ_THE_DOCS)
    assert configuration["version"] == 2
    assert configuration["build"]["os"] == "ubuntu-24.04"
    assert configuration["build"]["tools"] == {"python": re.search(r"Python (3\.[0-9]+)", README)[1]}
    prepare, build, *put = configuration["build"]["commands"]
    settings, _, rest = build.partition(" .venv/bin/")
    assert f"{prepare} && .venv/bin/{rest}" == command("docs")
    assert "TFMXBENCH_PROFILE=quick" in settings.split()
    assert put == [
        "mkdir --parents $READTHEDOCS_OUTPUT/html",
        "cp --recursive build/html/. $READTHEDOCS_OUTPUT/html",
    ]


def test_the_page_names_the_files_and_the_limits():
    text = PAGE.read_text(encoding="utf-8")
    assert ".github/workflows/pages.yml" in text
    assert ".readthedocs.yaml" in text
    limit = pages()["jobs"]["build"]["timeout-minutes"]
    assert f"after {limit} minutes" in text


def test_the_commands_of_the_page_push_the_site_as_a_branch(tmp_path):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    (push,) = [block for block in blocks() if "gh-pages" in block]
    fork, checkout = tmp_path / "fork.git", tmp_path / "checkout"
    (checkout / "build" / "html" / "_static").mkdir(parents=True)
    (checkout / "build" / "html" / "index.html").write_text("a page\n", encoding="utf-8")
    (checkout / "build" / "html" / "_static" / "style.css").write_text("\n", encoding="utf-8")
    (checkout / ".gitignore").write_text("/build/\n", encoding="utf-8")
    person = "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b"
    script = (
        f"set -e\nexport {person} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n"
        f"git init --quiet --bare '{fork}'\ngit init --quiet\ngit remote add origin '{fork}'\n{push}"
        # Once more, for the next build.
        f"echo another >build/html/index.html\n{push}"
        f"git --git-dir '{fork}' ls-tree -r --name-only gh-pages\n"
    )
    finished = subprocess.run(
        ["sh", "-c", script], cwd=checkout, capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    assert set(finished.stdout.split()) == {".nojekyll", "_static/style.css", "index.html"}
