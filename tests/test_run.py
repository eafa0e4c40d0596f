"""run.py in its parts: what it decides, writes and says. Nothing here installs, downloads or serves."""

import ast
import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import run
from launch import main, packages, quality, sample, services, site, venv
from launch.checkout import Checkout, ensure_env_file, read_env
from launch.console import Step, Trouble, follow

ROOT = Path(__file__).resolve().parent.parent
SAYS_IT_IF_NEW = "print('Created the first administrator admin.' if new else '')"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty checkout with the files that run.py reads, in an environment without settings."""
    for name in (".env.example", *packages.DEV_FILES):
        (tmp_path / name).write_text((ROOT / name).read_text())
    made = Checkout(tmp_path, {"PATH": os.environ["PATH"]})
    made.prepare_folders()
    return made


class TestPython:
    def test_old_pythons_can_read_their_refusal(self) -> None:
        ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 8))

    def test_it_takes_the_running_python(self) -> None:
        assert run.too_old(sys.version_info[:2]) is None

    def test_it_names_a_newer_python_when_there_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "_on_path", lambda name: name == "python3.12")
        sentence = run.too_old((3, 9))
        assert sentence is not None
        assert "this is Python 3.9" in sentence
        assert "python3.12 run.py" in sentence

    def test_it_says_what_to_do_when_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run, "_on_path", lambda name: False)
        assert "Install a newer Python" in str(run.too_old((3, 10)))

    def test_nothing_but_the_standard_library_is_imported(self) -> None:
        for path in [ROOT / "run.py", *(ROOT / "launch").glob("*.py")]:
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    assert name.split(".")[0] in sys.stdlib_module_names | {"launch"}, f"{path.name} imports {name}"


class TestArguments:
    def test_defaults(self, checkout: Checkout) -> None:
        options = main.parse([], checkout)
        assert (options.host, options.port, options.workers) == ("127.0.0.1", 8000, None)
        assert [options.no_serve, options.cuda, options.sample, options.skip_sample] == [False] * 4

    def test_flags(self, checkout: Checkout) -> None:
        options = main.parse(["--no-serve", "--port", "9000", "--host", "::1", "--workers", "2", "--cuda"], checkout)
        assert (options.no_serve, options.port, options.host, options.workers) == (True, 9000, "::1", 2)
        assert options.cuda

    def test_port_and_host_come_from_the_env_file(self, checkout: Checkout) -> None:
        (checkout.root / ".env").write_text('PORT=8123\nHOST="0.0.0.0"\n')
        options = main.parse([], checkout)
        assert (options.port, options.host) == (8123, "0.0.0.0")

    @pytest.mark.parametrize(
        "words", [["--port", "0"], ["--port", "x"], ["--workers", "0"], ["--sample", "--skip-sample"]]
    )
    def test_nonsense_is_refused(
        self, checkout: Checkout, words: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as refused:
            main.parse(words, checkout)
        assert refused.value.code == 2
        assert words[0] in capsys.readouterr().err

    def test_trouble_is_one_sentence_and_status_1(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = signal.getsignal(signal.SIGTERM)
        monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert main.main(["--port", str(port)], tmp_path) == 1
        signal.signal(signal.SIGTERM, before)
        assert f"Port {port} on 127.0.0.1 cannot be used" in capsys.readouterr().out


class TestEnvFile:
    def test_it_gets_a_secret_key_and_is_private(self, checkout: Checkout) -> None:
        ensure_env_file(checkout)
        target = checkout.root / ".env"
        assert len(read_env(target)["SECRET_KEY"]) >= 50
        assert stat.S_IMODE(target.stat().st_mode) == 0o600

    def test_every_checkout_gets_its_own_key(self, checkout: Checkout) -> None:
        keys = set()
        for _ in range(2):
            (checkout.root / ".env").unlink(missing_ok=True)
            ensure_env_file(checkout)
            keys.add(checkout.setting("SECRET_KEY"))
        assert len(keys) == 2

    def test_an_existing_file_is_left_alone(self, checkout: Checkout) -> None:
        (checkout.root / ".env").write_text("SECRET_KEY=mine\n")
        ensure_env_file(checkout)
        assert (checkout.root / ".env").read_text() == "SECRET_KEY=mine\n"

    def test_none_is_written_when_the_environment_has_the_key(self, checkout: Checkout) -> None:
        ensure_env_file(Checkout(checkout.root, {"SECRET_KEY": "x"}))
        assert not (checkout.root / ".env").exists()

    def test_var_dir_moves_everything_written(self, checkout: Checkout, tmp_path: Path) -> None:
        (checkout.root / ".env").write_text(f"VAR_DIR={tmp_path / 'elsewhere'}\n")
        assert Checkout(checkout.root, {}).setup_log == tmp_path / "elsewhere" / "log" / "setup.log"

    def test_an_unwritable_place_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Trouble, match="make it writable for you, or set VAR_DIR"):
            Checkout(tmp_path, {"VAR_DIR": str(tmp_path / "file")}).prepare_folders()


class TestStamp:
    @pytest.fixture(autouse=True)
    def _quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packages, "venv_version", lambda python: (3, 11))
        monkeypatch.setattr(packages, "_nvidia_answers", lambda: False)
        monkeypatch.setattr(packages, "_check_space", lambda checkout, variant: None)

    @pytest.fixture
    def done(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The steps that were taken, by name; each does nothing."""
        steps: list[str] = []
        monkeypatch.setattr(packages, "ensure_venv", lambda checkout: checkout.venv.mkdir(exist_ok=True))
        monkeypatch.setattr(packages, "install_torch", lambda checkout, variant: steps.append(variant))
        monkeypatch.setattr(packages, "_pip", lambda checkout, arguments, label: steps.append(Path(arguments[2]).name))
        return steps

    def test_the_second_start_installs_nothing(self, checkout: Checkout, done: list[str]) -> None:
        packages.ensure_packages(checkout)
        packages.ensure_packages(checkout)
        assert done == ["cpu", "requirements.txt"]

    @pytest.mark.parametrize("name", packages.RUN_FILES)
    def test_a_changed_requirement_installs_again(self, checkout: Checkout, done: list[str], name: str) -> None:
        packages.ensure_packages(checkout)
        (checkout.root / name).write_text("something-else==1\n")
        packages.ensure_packages(checkout)
        assert len(done) == 4

    def test_another_python_installs_again(
        self, checkout: Checkout, done: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        packages.ensure_packages(checkout)
        monkeypatch.setattr(packages, "venv_version", lambda python: (3, 12))
        packages.ensure_packages(checkout)
        assert len(done) == 4

    def test_tests_have_a_stamp_of_their_own(self, checkout: Checkout, done: list[str]) -> None:
        packages.ensure_packages(checkout)
        packages.ensure_packages(checkout, development=True)
        packages.ensure_packages(checkout, development=True)
        assert done == ["cpu", "requirements.txt", "cpu", "requirements-dev.txt"]

    def test_cuda_by_flag_by_variable_and_by_driver(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = Checkout(checkout.root, {"TORCH_VARIANT": "cuda"})
        assert packages.torch_variant(checkout, cuda=False) == "cpu"
        assert packages.torch_variant(checkout, cuda=True) == packages.torch_variant(asked, cuda=False) == "cuda"
        monkeypatch.setattr(packages, "_nvidia_answers", lambda: True)
        assert packages.torch_variant(checkout, cuda=False) == "cuda"
        assert packages.torch_variant(Checkout(checkout.root, {"TORCH_VARIANT": "cpu"}), cuda=False) == "cpu"
        with pytest.raises(Trouble, match="TORCH_VARIANT must be cpu or cuda"):
            packages.torch_variant(Checkout(checkout.root, {"TORCH_VARIANT": "rocm"}), cuda=False)


class TestTorch:
    """Which torch is asked for, by what is installed and what pip knows."""

    @pytest.fixture
    def asked(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
        calls: list[list[str]] = []
        monkeypatch.setattr(
            packages, "_pip", lambda checkout, words, label: calls.append([str(word) for word in words])
        )
        monkeypatch.setattr(packages, "_answers", lambda address: True)
        monkeypatch.setattr(packages.sys, "platform", "linux")
        return calls

    def install(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch, variant: str, *printed: str) -> None:
        replies = iter(printed)
        monkeypatch.setattr(packages, "_output", lambda command: next(replies))
        packages.install_torch(checkout, variant)

    def test_the_right_one_is_left_alone(
        self, checkout: Checkout, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.install(checkout, monkeypatch, "cpu", "2.13.0+cpu")
        self.install(checkout, monkeypatch, "cpu", "2.13.0+cu130")
        self.install(checkout, monkeypatch, "cuda", "2.13.0+cu130")
        assert asked == []

    def test_the_cpu_index_is_asked_when_pip_knows_no_cpu_build(
        self, checkout: Checkout, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.install(checkout, monkeypatch, "cpu", "", "Available versions: 2.13.0")
        assert asked == [["install", "torch==2.13.0", "--extra-index-url", packages.TORCH_CPU_INDEX]]

    def test_a_cpu_build_that_pip_knows_is_taken(
        self, checkout: Checkout, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.install(checkout, monkeypatch, "cpu", "", "Available versions: 2.13.0+cpu, 2.13.0")
        assert asked == [["install", "torch==2.13.0"]]

    def test_an_unreachable_cpu_index_means_the_plain_pin(
        self, checkout: Checkout, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(packages, "_answers", lambda address: False)
        self.install(checkout, monkeypatch, "cpu", "", "Available versions: 2.13.0")
        assert asked == [["install", "torch==2.13.0"]]

    def test_a_cpu_build_gives_way_to_cuda(
        self, checkout: Checkout, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.install(checkout, monkeypatch, "cuda", "2.13.0+cpu")
        assert asked == [["install", "torch==2.13.0", "--force-reinstall"]]


class TestWords:
    @pytest.mark.parametrize(
        ("line", "news"),
        [
            ("Collecting torch==2.13.0", "looking up torch==2.13.0"),
            ("  Downloading torch-2.13.0+cpu-cp311.whl (191.8 MB)", "downloading torch (191.8 MB)"),
            ("Processing /some/folder/torch-2.13.0+cpu-cp311.whl", "processing torch"),
            ("Installing collected packages: a, b, c", "unpacking 3 packages"),
            ("Requirement already satisfied: numpy", None),
            ("", None),
        ],
    )
    def test_pip_is_condensed(self, line: str, news: str | None) -> None:
        assert packages.pip_news(line) == news

    @pytest.mark.parametrize("sign", packages.KNOWN_FAILURES)
    def test_pip_failures_say_what_to_do(self, sign: str) -> None:
        assert packages.pip_trouble(f"...\nERROR: {sign} ...") == packages.KNOWN_FAILURES[sign]

    def test_a_full_disk_is_noticed_before_anything_is_fetched(
        self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(packages.NEEDED_BYTES, "cpu", 1 << 60)
        with pytest.raises(Trouble, match="free some"):
            packages._check_space(checkout, "cpu")

    def test_last_words_are_a_sentence(self) -> None:
        assert site.last_words("a\nCommandError: no voice \n\n") == "CommandError: no voice."
        assert site.last_words("") == "It printed nothing."

    def test_addresses(self) -> None:
        assert services.site_address("127.0.0.1", 8000) == "http://localhost:8000/"
        assert services.site_address("::1", 8000) == "http://[::1]:8000/"
        assert services.site_address("0.0.0.0", 80) == "http://localhost:80/"


class TestFollow:
    def run(self, checkout: Checkout, program: str, **keywords: object) -> tuple[int, str]:
        command = [sys.executable, "-c", program]
        return follow(command, Step("Working"), checkout.setup_log, **keywords)  # type: ignore[arg-type]

    def test_everything_is_logged_and_returned(self, checkout: Checkout) -> None:
        status, printed = self.run(checkout, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)")
        assert status == 3
        assert sorted(printed.split()) == ["one", "two"]
        assert checkout.setup_log.read_text() == printed

    def test_a_watch_that_raises_ends_the_command(self, checkout: Checkout) -> None:
        def watch() -> None:
            raise Trouble("The worker stopped by itself.")

        with pytest.raises(Trouble, match="worker stopped"):
            self.run(checkout, "import time; time.sleep(60)", watch=watch)


class TestFirstAdmin:
    """`manage.py prepare` is replaced by a program that says what the real one says."""

    @pytest.fixture
    def site_of(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
        told = (
            f"import pathlib; new = not pathlib.Path('said').exists(); pathlib.Path('said').touch(); {SAYS_IT_IF_NEW};"
            f"import os; pathlib.Path('one-time').write_text(os.environ.get('{site.ONE_TIME}', ''))"
        )
        monkeypatch.setattr(Checkout, "manage", lambda self, *words: [sys.executable, "-c", told])
        monkeypatch.chdir(checkout.root)
        return checkout

    def test_the_password_is_shown_once_and_never_written(
        self, site_of: Checkout, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site.prepare(site_of)
        shown = re.findall(r"One-time password: +(\S+)", capsys.readouterr().out)
        assert len(shown) == 1
        assert len(shown[0]) >= 16
        assert shown[0] not in site_of.setup_log.read_text()
        assert (site_of.root / "one-time").read_text() == "1"
        site.prepare(site_of)
        assert "password" not in capsys.readouterr().out

    def test_a_password_of_your_own_is_not_shown(self, site_of: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
        site.prepare(Checkout(site_of.root, {**site_of.environ, "DJANGO_SUPERUSER_PASSWORD": "chosen-by-me"}))
        assert "password" not in capsys.readouterr().out
        assert (site_of.root / "one-time").read_text() == ""

    def test_failure_says_the_last_words(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        told = "import sys; sys.exit('CommandError: The database is newer than this checkout.')"
        monkeypatch.setattr(Checkout, "manage", lambda self, *words: [sys.executable, "-c", told])
        with pytest.raises(Trouble, match=r"The database is newer than this checkout\. The whole story is in"):
            site.prepare(checkout)


class TestServices:
    def test_programs_end_with_it(self, checkout: Checkout) -> None:
        with services.Services(checkout) as running:
            running.start("worker", [sys.executable, "-c", "import time; time.sleep(60)"])
            process = running.running["worker"].process
            running.check()
        assert process.poll() is not None

    def test_a_grandchild_that_does_not_listen_ends_too(
        self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "STOP_SECONDS", 0.5)
        parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {DEAF!r}])"
        with services.Services(checkout) as running:
            running.start("worker", [sys.executable, "-c", parent])
            group = running.running["worker"].process.pid
            log = running.running["worker"].log
            while "deaf" not in log.read_text():
                running.check()
        assert psutil.wait_procs(living(group), timeout=10)[1] == []

    def test_a_program_that_ends_by_itself_is_reported(self, checkout: Checkout) -> None:
        with services.Services(checkout) as running:
            running.start("worker", [sys.executable, "-c", "pass"])
            running.running["worker"].process.wait()
            with pytest.raises(Trouble, match=r"The worker stopped by itself: the end of .*worker\.log"):
                running.check()

    def test_workers_reach_the_settings(self, checkout: Checkout) -> None:
        assert services.Services(checkout, workers=3).environ["WORKERS"] == "3"
        assert "WORKERS" not in services.Services(checkout).environ

    def test_windows_serves_with_django(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Checkout, "python", Path("python.exe"))
        monkeypatch.setattr(services.os, "name", "nt")
        command = services.web_command(checkout, "127.0.0.1", 8000)
        assert "runserver" in command
        monkeypatch.undo()
        assert "gunicorn" in services.web_command(checkout, "127.0.0.1", 8000)


class TestVenv:
    def test_a_missing_interpreter_has_no_version(self, tmp_path: Path) -> None:
        assert venv.venv_version(tmp_path / "python") is None

    def test_it_sees_the_version(self) -> None:
        assert venv.venv_version(Path(sys.executable)) == sys.version_info[:2]

    def test_nothing_works_is_the_line_to_type(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        for way in ("_with_ensurepip", "_with_uv", "_with_apt_as_root", "_with_downloaded_pip"):
            monkeypatch.setattr(venv, way, lambda checkout, step: False)
        with pytest.raises(Trouble, match="sudo apt-get install python3-venv"):
            venv.ensure_venv(checkout)

    def test_ways_are_tried_in_order(self, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
        tried: list[str] = []

        def way(name: str, works: bool) -> None:
            monkeypatch.setattr(venv, name, lambda checkout, step: tried.append(name) or works)

        way("_with_ensurepip", False)
        way("_with_uv", True)
        way("_with_apt_as_root", True)
        monkeypatch.setattr(venv, "_has_pip", lambda python: len(tried) == 2)
        venv.ensure_venv(checkout)
        assert tried == ["_with_ensurepip", "_with_uv"]


class TestQuality:
    def test_every_check_is_there(self, checkout: Checkout) -> None:
        labels = [label for label, _ in quality.checks(checkout)]
        assert labels == ["ruff check", "ruff format", "mypy", "migrations", "deployment"]

    def test_what_a_failed_check_printed_is_told(self, checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
        scripts = {"good": "print('well')", "bad": "print('what is wrong'); raise SystemExit(2)"}
        found = [quality.outcome_of(checkout, label, [sys.executable, "-c", code]) for label, code in scripts.items()]
        assert quality.tell(found) == ["bad"]
        told = capsys.readouterr().out
        assert "Checking: good: clean" in told
        assert "Checking: bad: failed" in told
        assert "what is wrong" in told
        assert "well" not in told

    def test_every_package_is_typed(self) -> None:
        assert {"rvc", "launch", "jobs", "models_app", "conversions", "tts", "voiceproject"} <= set(
            quality.packages(ROOT)
        )

    def test_tests_do_not_see_the_settings_of_the_site(self, checkout: Checkout) -> None:
        lived_in = Checkout(checkout.root, {**checkout.environ, "DATABASE_URL": "postgres://real", "HTTPS": "true"})
        environ = quality.test_environ(lived_in)
        assert "DATABASE_URL" not in environ
        assert "HTTPS" not in environ
        assert environ["VAR_DIR"] == str(checkout.var / "test")

    def test_ci_calls_run_py_test(self) -> None:
        script = (ROOT / ".ci" / "run").read_text()
        assert "python3 run.py test" in script
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
        subprocess.run(["sh", "-n", str(ROOT / ".ci" / "run")], check=True)


def living(group: int) -> list[psutil.Process]:
    """The processes of a group that still run; ended ones that nobody has waited for do not count."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_the_sample_that_is_converted_is_bundled() -> None:
    assert (ROOT / sample.SOURCE).is_file()
