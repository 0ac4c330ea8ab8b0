"""`sled` as a process of its own: streams, signals, exit codes."""

import os
import resource
import shlex
import signal
import subprocess
import sys
import time

import pytest

SLED = [sys.executable, "-m", "sled_cli"]


def heed_ctrl_c():
    """A shell starts background jobs with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_stdout_closed_by_its_reader_is_one_line_and_exit_code_2():
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*SLED, "--version"], stdout=write_end, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write_end)
    assert done.returncode == 2
    assert done.stderr == (
        "sled: error: the reader of the output closed it before everything was written\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there no shell closes what a program inherits")
@pytest.mark.parametrize("closed", [">&-", "<&- 2>&-"])
def test_bad_input_is_exit_code_2_whatever_is_closed(closed, tmp_path):
    command = f"{shlex.join(SLED)} codec decode nofile -o out.wav {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"internal" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_waiting_for_text_is_exit_code_130():
    with subprocess.Popen(
        [*SLED, "synth", "-", "-o", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509  one call, and no threads yet
    ) as process:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == (b"", b"sled: interrupted\n")


def test_ctrl_c_while_writing_leaves_nothing(sled, model_folder, tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    target = tmp_path / "out.wav"
    outcome = sled("synth", "one", "-m", model_folder, "-o", target, "--max-seconds", "0.2", "-q")
    assert (outcome.code, outcome.err) == (130, "sled: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_pipe_of_audio_carries_audio_alone(model_folder):
    done = subprocess.run(
        [*SLED, "synth", "-", "-o", "-", "-m", str(model_folder), "--max-seconds", "0.3"],
        input=b"one two",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout[:4] == b"RIFF"
    assert int.from_bytes(done.stdout[4:8], "little") == len(done.stdout) - 8
    assert all(line.startswith(b"sled: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize(("before", "after"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_told_otherwise(before, after):
    script = "import os; from sled_cli.main import main; main(['--version']); "
    script += "print(os.environ['OMP_WAIT_POLICY'])"
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    environment |= {} if before is None else {"OMP_WAIT_POLICY": before}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == after


def test_help_costs_less_than_a_second():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*SLED, "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of processor time: a busy machine makes everything late, and no command slower.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
