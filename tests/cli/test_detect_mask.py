"""`interlock detect` and `interlock mask`: files in, findings or the same files masked out."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.sensitivity.formats.a_finder import BOOM, SimpleFinder
from typer.testing import CliRunner, Result

from interlock.app import document_files, library, measured
from interlock.cli import app
from interlock.cli import mask as mask_verb
from interlock.cli.verbs import VERBS
from interlock.errors import InterlockError


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "load_engine", lambda layers, regime: SimpleFinder())


def run(*words: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(app, words, input=given)


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


JSONL = b"""{"id":"a","text":"\xc3\xa9 Alice"}
{"text":"nothing"}

not json 219-09-9999
{"id":7,"text":"219-09-9999","other":"Bob"}
{"id":8,"no":"text"}
"""


def test_lines_of_json() -> None:
    result = run("detect", "-", "--format", "jsonl", given=JSONL)
    assert lines(result) == [
        {"id": "a", "spans": [{"start": 2, "end": 7, "label": "phi.name", "score": 0.9}]},
        {"id": 2, "spans": []},
        {"id": 7, "spans": [{"start": 0, "end": 11, "label": "phi.ssn", "score": 1.0}]},
    ]
    assert result.exit_code == 1
    assert "line 4" in result.stderr and "line 6" in result.stderr and "219" not in result.stderr


def test_masked_lines_of_json() -> None:
    result = run("mask", "-", "--format", "jsonl", given=JSONL)
    assert [json.loads(line) for line in result.stdout.splitlines() if line] == [
        {"id": "a", "text": f"é {_token(result.stdout)}"},
        {"text": "nothing"},
        {"id": 7, "text": "[phi.ssn]", "other": json.loads(result.stdout.splitlines()[3])["other"]},
        {"id": 8, "no": "text"},
    ]
    assert "Bob" not in result.stdout and "219" not in result.stdout + result.stderr
    assert result.exit_code == 1 and "phi.ssn: 1" in result.stderr and "Recall is never 1" in result.stderr


def _token(text: str) -> str:
    at = text.index("[phi.name")
    return text[at : text.index("]", at) + 1]


def test_ten_thousand_lines_keep_their_order() -> None:
    given = "".join(json.dumps({"id": n, "text": f"Bob {n}"}) + "\n" for n in range(3000)).encode()
    assert [line["id"] for line in lines(run("detect", "-", given=given))] == list(range(3000))


@pytest.mark.parametrize(
    ("name", "content", "path", "label"),
    [
        ("a.json", '{"patient": {"mrn": "A1"}}', "$.patient.mrn", "phi.mrn"),
        ("a.csv", "id,ssn\n1,219099999\n", "row 2, column ssn", "phi.ssn"),
        ("p.json", '{"resourceType": "Patient", "birthDate": "1980-01-02"}', "$.birthDate", "phi.date.birth"),
        ("a.hl7", "MSH|^~\\&|A\rPID|1||77^^^H^MR\r", "PID-3.1", "phi.mrn"),
        ("a.txt", "on Bob", "$", "phi.name"),
    ],
)
def test_formats_are_told(tmp_path: Path, name: str, content: str, path: str, label: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode())
    result = run("detect", str(file))
    assert [(line["path"], line["label"]) for line in lines(result)] == [(path, label)]
    assert result.exit_code == 0 and result.stderr == ""
    masked = run("mask", str(file))
    assert masked.exit_code == 0 and masked.stdout != content
    assert run("detect", str(file), "--labels").stdout == f'{{"{label}": 1}}\n'


def test_fhir_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text(
        '{"resourceType":"Patient","id":"p9","birthDate":"1980-01-02"}\n'
        '{"resourceType":"Encounter","subject":{"reference":"Patient/p9"}}\n'
    )
    first, second = (json.loads(line) for line in run("mask", str(file)).stdout.splitlines())
    assert first["birthDate"] == "1980"
    assert second["subject"]["reference"] == f"Patient/{first['id']}" != "Patient/p9"
    assert [line["line"] for line in lines(run("detect", str(file)))] == [1, 1, 2]


def test_what_isnt_its_format_is_taken_as_text(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"ssn": "219-09-9999", oops')
    result = run("mask", str(file))
    assert result.stdout == '{"ssn": "[phi.ssn]", oops' and "taken as text" in result.stderr
    for format in ("fhir", "hl7v2", "csv", "json", "text"):
        assert "219-09" not in run("mask", "--format", format, str(file)).stdout


def test_bytes_of_no_character() -> None:
    given = b"Jos\xe9 Zed\nfine\n"
    result = run("mask", "-", given=given)
    assert result.stdout_bytes == b"[phi.*]\nfine\n"
    assert result.exit_code == 1 and "--encoding" in result.stderr
    good = run("mask", "-", "--encoding", "latin-1", given=given)
    assert good.stdout_bytes == given and good.exit_code == 0
    assert run("mask", "-", "--format", "csv", given=b"a_1,b\n\xff,ok\n").stdout_bytes == b"a_1,b\n[phi.*],ok\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_byte_order_marks(encoding: str) -> None:
    result = run("mask", "-", given="Zed é\n219-09-9999\n".encode(encoding))
    assert result.stdout_bytes.decode(encoding) == "Zed é\n[phi.ssn]\n"
    assert result.stdout_bytes[:2] == "x".encode(encoding)[:2]


def test_an_odd_byte_of_utf_16_hides_its_line() -> None:
    result = run("mask", "-", given="fine\nZed".encode("utf-16") + b"\x41")
    assert "Zed" not in result.stdout_bytes.decode("utf-16") and result.exit_code == 1


def test_a_detector_that_raises(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"a": f"Zed {BOOM}", "b": "fine"}))
    result = run("mask", str(file), "--profile", "secrets_only")
    assert json.loads(result.stdout) == {"a": "[phi.*]", "b": "fine"}
    assert result.exit_code == 1 and "detector failed on them: 1" in result.stderr and "Zed" not in result.stderr


def test_files_that_arent_there(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "directory"), (tmp_path / "none", "isn't there")):
        result = run("detect", str(path))
        assert isinstance(result.exception, InterlockError) and said in result.exception.sentence
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for verb in ("detect", "mask"):
        result = run(verb, str(empty))
        assert result.exit_code == 0 and result.stdout == ""


def test_several_files(tmp_path: Path) -> None:
    a, b, out = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "out"
    a.write_text("Alice")
    b.write_text("Bob")
    out.mkdir()
    assert [line["file"] for line in lines(run("detect", str(a), str(b)))] == [str(a), str(b)]
    assert isinstance(run("mask", str(a), str(b)).exception, InterlockError)
    assert run("mask", str(a), str(b), "--out", str(out)).exit_code == 0
    assert (out / "a.txt").read_text().startswith("[phi.name") and (out / "b.txt").exists()
    assert isinstance(run("mask", str(a), "--out", str(out)).exception, InterlockError), "nothing is written over"


@pytest.fixture
def masking(tmp_path: Path) -> tuple[Path, Path]:
    """A private file, and a directory to write to."""
    file, out = tmp_path / "a.txt", tmp_path / "out"
    file.touch(0o600)
    file.write_text("Alice\n" * 1000)
    out.mkdir()
    return file, out


def test_a_masked_copy_is_for_those_who_may_read_the_source(masking: tuple[Path, Path]) -> None:
    file, out = masking
    for at, (mode, kept) in enumerate(((0o600, 0o600), (0o640, 0o640), (0o4755, 0o644))):
        named = file.rename(file.with_name(f"{at}.txt")) if at == 0 else file.with_name(f"{at}.txt")
        named.touch()
        named.chmod(mode)
        assert run("mask", str(named), "--out", str(out)).exit_code == 0
        assert (out / named.name).stat().st_mode & 0o7777 == kept
    assert sorted(each.name for each in out.iterdir()) == ["0.txt", "1.txt", "2.txt"]


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_in_the_way_is_neither_followed_nor_replaced(masking: tuple[Path, Path], dangling: bool) -> None:
    file, out = masking
    elsewhere = out.with_name("elsewhere")
    if not dangling:
        elsewhere.write_text("old")
    (out / "a.txt").symlink_to(elsewhere)
    assert isinstance(run("mask", str(file), "--out", str(out)).exception, InterlockError)
    assert (out / "a.txt").is_symlink() and [each.name for each in out.iterdir()] == ["a.txt"]
    assert elsewhere.exists() is not dangling and (dangling or elsewhere.read_text() == "old")


def test_a_file_that_came_meanwhile_stays(masking: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = masking
    monkeypatch.setattr(mask_verb, "_check_out", lambda files, into: (out / "a.txt").write_text("old"))
    assert isinstance(run("mask", str(file), "--out", str(out)).exception, InterlockError)
    assert (out / "a.txt").read_text() == "old" and len(list(out.iterdir())) == 1


@pytest.mark.parametrize("full", [0, 3000, "fsync"])
def test_a_full_disk_leaves_nothing(
    masking: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, full: int | str
) -> None:
    file, out = masking

    def no_room(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    if isinstance(full, int):  # a real one: no file of this process may grow beyond
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))
        try:
            result = run("mask", str(file), "--out", str(out))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, old)
    else:
        result = run("mask", str(file), "--out", str(out))
    assert isinstance(result.exception, InterlockError) and "can't read or write" in str(result.exception)
    assert list(out.iterdir()) == []


def test_one_that_is_killed_leaves_no_half_file_under_its_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fifo = tmp_path / "slow.txt"
    os.mkfifo(fifo)
    child = subprocess.Popen([sys.executable, "-m", "interlock.cli", "mask", "--out", str(out), str(fifo)])
    try:
        with fifo.open("wb") as into:  # opens once the child reads
            into.write(b"nothing to see\n" * 4000)
            into.flush()
            wait_for(lambda: any(out.iterdir()))
            child.kill()
            child.wait(20)
    finally:
        child.kill()
        child.wait(20)
    left = list(out.iterdir())
    assert [each.name for each in left if each.name == "slow.txt"] == [] and len(left) == 1
    assert left[0].stat().st_mode & 0o777 == 0o600


def wait_for(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_unknown_choices() -> None:
    for words in (["--layers", "x"], ["--regime", "x"], ["--encoding", "x"]):
        assert isinstance(run("detect", "-", *words, given=b"Bob").exception, InterlockError)
    assert isinstance(run("mask", "-", "--profile", "x", given=b"Bob").exception, InterlockError)


def test_without_a_key_it_is_said() -> None:
    result = run("mask", "-", "--profile", "internal", given=b"Alice")
    assert result.stdout == "[phi.name#1]" and "need a key" in result.stderr and result.exit_code == 0


def test_a_line_that_is_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_files, "LONGEST_LINE", 40)
    given = b'{"id":1,"text":"' + b"y" * 500_000 + b' 219-09-9999"}\n{"id":2,"text":"Bob"}\n'
    result = run("detect", "-", "--format", "jsonl", given=given)
    assert [line["id"] for line in lines(result)] == [2] and result.exit_code == 1
    masked = run("mask", "-", "--format", "jsonl", given=given)
    assert json.loads(masked.stdout)["id"] == 2 and "219" not in masked.stdout


def test_one_long_line_of_text() -> None:
    given = b"x" * 3_000_000 + b" 219-09-9999 " + b"y" * 3_000_000
    assert run("mask", "-", given=given).stdout_bytes == given.replace(b"219-09-9999", b"[phi.ssn]")


def test_the_measured_recall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measured, "files", lambda _: tmp_path)
    assert "wasn't measured" in measured.recall_line()
    for wrong in ("{", "[]", '{"engine": "1", "recall": {}}', '{"engine": "1", "recall": {"a": "x"}}'):
        (tmp_path / measured.FILE).write_text(wrong)
        assert "wasn't measured" in measured.recall_line()
    (tmp_path / measured.FILE).write_text('{"engine": "0.1.0", "recall": {"generated": 0.9512}}')
    assert "0.951 (generated)" in measured.recall_line() and "certified" not in measured.recall_line()


def test_a_reader_that_goes_away() -> None:
    code = (
        "import sys\nfrom interlock.app import library\nfrom tests.sensitivity.formats.a_finder import SimpleFinder\n"
        "library.load_engine = lambda layers, regime: SimpleFinder()\nfrom interlock.cli import main\nmain()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "detect", "-", "--format", "text"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdout.close()
    with suppress(BrokenPipeError):
        process.stdin.write(b"Bob\n" * 500_000)
    with suppress(BrokenPipeError):
        process.stdin.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1 and said == b""


DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("verb", ["detect", "mask"])
def test_the_reference_has_every_option(verb: str) -> None:
    page = (DOCS / "reference" / "detect.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(--[a-z]+)` \|", page, re.MULTILINE))
    command = VERBS[verb].command()
    there = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert there - {"--help"} <= told
    assert told <= {o for v in ("detect", "mask") for p in VERBS[v].command().params for o in p.opts}


def test_the_how_to_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first commands, and its Python, as they stand there."""
    page = (DOCS / "howto" / "mask-files.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    Path("notes.jsonl").write_text('{"id": 1, "text": "Alice"}\n')
    Path("patients.csv").write_text("name\nAlice\n")
    Path("bundle.json").write_text('{"resourceType": "Patient", "name": [{"family": "Zed"}]}')
    Path("mask.key").write_text("0" * 64)
    Path("mask.key").chmod(0o600)
    Path("notes").mkdir()
    Path("masked").mkdir()
    Path("notes/a.txt").write_text("Alice")
    commands = [line for line in page.splitlines() if line.startswith("interlock ")]
    assert len(commands) == 7
    for line in commands:
        words = line.partition(" > ")[0].replace("notes/*.txt", "notes/a.txt").split()[1:]
        result = run(*words)
        assert result.exit_code == 0 and "Alice" not in result.stdout and "Zed" not in result.stdout
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(program, {})
