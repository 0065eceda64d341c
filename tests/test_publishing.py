"""The workflows and the Read the Docs configuration: what they run is what the project has and says."""

import configparser
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

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
    """All that is run, by file; continued lines are joined."""
    found = {path.name: "\n".join(step.get("run", "") for step in steps(read(path))) for path in WORKFLOWS}
    found[READ_THE_DOCS.name] = "\n".join(read(READ_THE_DOCS)["build"]["commands"])
    return {name: re.sub(r" \\\n\s*", " ", text) for name, text in found.items()}


def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    return parser


def command(environment: str) -> str:
    """What the README says for a tox environment."""
    return next(line for line in README.splitlines() if line.endswith(f".venv/bin/tox -e {environment}"))


def blocks() -> list[str]:
    """The commands of the page on publishing, block by block."""
    return re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_are_the_two_workflows():
    assert [path.name for path in WORKFLOWS] == ["pages.yml", "tests.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestEachWorkflow:
    def test_has_no_secret_and_no_more_permissions_than_reading(self, path):
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

    def test_has_a_named_system_and_a_limit_of_time_in_every_job(self, path):
        for job in read(path)["jobs"].values():
            assert re.fullmatch(r"ubuntu-[0-9.]+", job["runs-on"])
            assert 0 < job["timeout-minutes"] <= 90

    def test_uses_the_readmes_python_and_a_cache(self, path):
        (version,) = set(re.findall(r"Python (3\.[0-9]+)", README))
        (python,) = [step["with"] for step in steps(read(path)) if "setup-python" in step.get("uses", "")]
        assert python["python-version"] == version
        assert python["cache"] == "pip"
        for pattern in python["cache-dependency-path"].split():
            assert list(ROOT.glob(pattern)), pattern

    def test_puts_no_expression_into_a_script(self, path):
        """What a person enters reaches a script as a variable, never as a part of it."""
        assert all("${{" not in step.get("run", "") for step in steps(read(path)))

    def test_runs_one_at_a_time(self, path):
        assert read(path)["concurrency"]["group"].startswith(path.stem)


@pytest.mark.parametrize("name", ["pages.yml", "tests.yml", ".readthedocs.yaml"])
def test_every_tox_environment_that_is_run_exists(name):
    run = re.findall(r"\.venv/bin/tox (?:exec )?-e ([a-z]+)", scripts()[name])
    assert run
    assert all(f"testenv:{environment}" in tox() for environment in run)


def test_pages_are_built_by_the_readmes_command():
    assert command("docs") in scripts()["pages.yml"].splitlines()
    (upload,) = [step for step in steps(pages()) if "upload-pages-artifact" in step.get("uses", "")]
    assert f"`{upload['with']['path']}/index.html`" in README


def test_pages_are_built_on_a_push_to_main_and_by_hand_with_a_profile():
    # YAML 1.1 reads the key "on" as true.
    triggers = pages()[True]
    assert triggers["push"] == {"branches": ["main"]}
    profile = triggers["workflow_dispatch"]["inputs"]["profile"]
    assert profile["default"] == "default"
    assert set(profile["options"]) == {"default", "quick"}
    assert pages()["jobs"]["build"]["env"]["TFMXBENCH_PROFILE"] == "${{ inputs.profile || 'default' }}"


def test_one_of_two_ways_to_build_is_taken():
    conditions = [step["if"] for step in steps(pages()) if "if" in step]
    assert conditions == ["env.PUBLISHED_RESULTS == ''", "env.PUBLISHED_RESULTS != ''"]


def test_building_from_results_builds_as_tox_does():
    """The last command of the docs environment, without the measuring before it."""
    built = tox()["testenv:docs"]["commands"].strip().splitlines()[-1].strip()
    assert built.startswith("python -m tfmxbench.")
    assert f".venv/bin/tox exec -e docs -- {built}" in scripts()["pages.yml"].splitlines()
    assert f".venv/bin/tox exec -e docs -- {built}" in "\n".join(blocks())
    assert "PUBLISHED_RESULTS" in PAGE.read_text(encoding="utf-8")


def test_the_site_is_deployed_once_it_is_built():
    deploy = pages()["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert deploy["environment"]["name"] == "github-pages"
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def test_the_tests_are_run_on_pushes_and_pull_requests_as_the_readme_says():
    workflow = read(ROOT / ".github" / "workflows" / "tests.yml")
    assert set(workflow[True]) == {"push", "pull_request"}
    # The environment that the command makes is there from the step before.
    assert command("tests").endswith(scripts()["tests.yml"].splitlines()[-1])
    assert ".venv/bin/tox -e lint" in scripts()["tests.yml"]


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
        # Once more, as for the next build.
        f"echo another >build/html/index.html\n{push}"
        f"git --git-dir '{fork}' ls-tree -r --name-only gh-pages\n"
    )
    finished = subprocess.run(
        ["sh", "-c", script], cwd=checkout, capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    assert set(finished.stdout.split()) == {".nojekyll", "_static/style.css", "index.html"}
