"""`make image`: which builder is taken, and what is said where none works. Builders and package are made up here;
`packaging/image/try.sh` builds the real image and works in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "packaging" / "image"
_SYSTEM = "/usr/bin:/bin"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tree with a package in it, and with programs that only say what they were asked."""
    shutil.copytree(IMAGE, tmp_path / "packaging" / "image")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "dyntui_1.2.3_riscv64.deb").touch()
    program(tmp_path, "dpkg", "echo riscv64")
    program(tmp_path, "dpkg-deb", "echo 1.2.3")
    for builder in ("podman", "buildah", "docker"):
        works_not(tmp_path, builder)
    return tmp_path


def program(place: Path, name: str, does: str) -> None:
    file = place / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{does}\n")
    file.chmod(0o755)


def works(place: Path, builder: str) -> None:
    program(place, builder, f'[ "$1" = info ] || echo {builder} "$@"')


def works_not(place: Path, builder: str) -> None:
    program(place, builder, "exit 1")


def built(place: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [place / "packaging" / "image" / "build.sh"],
        env={**os.environ, "PATH": f"{place / 'bin'}:{_SYSTEM}", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("builder", ["podman", "buildah", "docker"])
def test_whichever_builder_works_makes_the_image_of_the_package(place: Path, builder: str) -> None:
    works(place, builder)
    done = built(place, BASE="")
    asked, image = done.stdout.splitlines()
    assert done.returncode == 0 and image == "dyntui:1.2.3"
    assert asked.startswith(f"{builder} build ") and "PACKAGE=dist/dyntui_1.2.3_riscv64.deb" in asked
    assert "BASE=docker.io/library/" in asked and ("--format oci" in asked) == (builder != "docker")


def test_base_and_builder_can_be_chosen(place: Path) -> None:
    works(place, "podman")
    works(place, "buildah")
    done = built(place, BASE="localhost/bare", BUILDER="buildah")
    assert done.stdout.startswith("buildah build ") and "BASE=localhost/bare " in done.stdout


def test_without_a_builder_it_is_said_what_to_install_and_no_image_is_claimed(place: Path) -> None:
    done = built(place)
    assert done.returncode == 1 and "dyntui:1.2.3" not in done.stdout
    assert "No image was made" in done.stdout and "apt-get install buildah" in done.stdout


def test_a_builder_that_fails_is_a_failure(place: Path) -> None:
    program(place, "podman", '[ "$1" = info ] || { echo no space left >&2; exit 125; }')
    done = built(place)
    assert done.returncode != 0 and "no space left" in done.stderr and "dyntui:1.2.3" not in done.stdout.splitlines()
