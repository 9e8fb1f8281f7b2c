//! The fallback by pip, with a program of our own in Python's place.

use super::super::pypi::{Wheel, digest};
use super::super::unpack::fixture::zip;
use super::{NO_HOST, Place};
use std::fs;
use std::path::{Path, PathBuf};

impl Place {
    /// A program that answers `-m pip` and copies `wheel` into `--dest`.
    fn fake_python(&self, wheel: &Path) -> PathBuf {
        let file = wheel.file_name().unwrap().to_string_lossy();
        let script = format!(
            "#!/bin/sh\n\
             if [ \"$3\" = --version ]; then echo 'pip 25.1 from here'; exit 0; fi\n\
             echo \"$@\" >> '{log}'\n\
             while [ \"$1\" != --dest ]; do shift; done\n\
             cp '{wheel}' \"$2/{file}\"\n",
            log = self.path("pip.log").display(),
            wheel = wheel.display(),
        );
        self.program(&script)
    }

    fn wheel(&self, sha256: &str) -> (PathBuf, Wheel) {
        let path = self.path("torch-0-none-any.whl");
        fs::write(&path, wheel_bytes()).unwrap();
        let wheel = Wheel {
            requirement: "torch==0".into(),
            file: "torch-0-none-any.whl".into(),
            sha256: sha256.into(),
        };
        (path, wheel)
    }
}

fn wheel_bytes() -> Vec<u8> {
    zip(&[
        (
            "torch/include/torch/csrc/api/include/torch/torch.h",
            "header",
        ),
        ("torch/include/ATen/ATen.h", "header"),
        ("torch/lib/libc10.so", "c10"),
        ("torch/lib/libtorch_cpu.so", "cpu"),
        ("torch/lib/libtorch.so", "wants cuda"),
        ("nvidia/cu13/lib/libcudart.so.13", "cudart"),
    ])
}

fn sha256_of_wheel() -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), wheel_bytes()).unwrap();
    digest(file.path()).unwrap()
}

#[test]
fn without_the_official_host_the_wheels_make_a_libtorch() {
    let place = Place::new();
    let (path, wheel) = place.wheel(&sha256_of_wheel());
    let python = place.fake_python(&path);
    let install = place
        .setup(NO_HOST, &python, vec![wheel])
        .ensure(None)
        .unwrap();
    let read = |name: &str| fs::read_to_string(install.dir.join(name)).unwrap();
    assert_eq!(read("lib/libtorch.so"), "INPUT(-ltorch_cpu)\n");
    assert_eq!(read("build-version"), "2.11.0+cpu\n");
    assert_eq!(read("lib/libcudart.so.13"), "cudart");
    let asked = fs::read_to_string(place.path("pip.log")).unwrap();
    for flag in [
        "--require-hashes",
        "--resume-retries 10",
        "--platform manylinux_2_28_x86_64",
    ] {
        assert!(asked.contains(flag), "{flag} not in {asked}");
    }
}

#[test]
fn a_finished_wheel_is_not_downloaded_again() {
    let place = Place::new();
    let (path, wheel) = place.wheel(&sha256_of_wheel());
    let setup = place.setup(NO_HOST, &place.fake_python(&path), vec![wheel]);
    fs::create_dir_all(setup.cache.downloads()).unwrap();
    fs::copy(&path, setup.cache.downloads().join("torch-0-none-any.whl")).unwrap();
    setup.ensure(None).unwrap();
    assert!(!place.path("pip.log").exists());
}

#[test]
fn a_wheel_with_another_checksum_is_removed_and_both_sums_are_named() {
    let place = Place::new();
    let (path, wheel) = place.wheel("00ff");
    let setup = place.setup(NO_HOST, &place.fake_python(&path), vec![wheel]);
    let error = setup.ensure(None).unwrap_err().to_string();
    assert!(error.contains("expected sha256 00ff"), "{error}");
    assert!(error.contains(&sha256_of_wheel()), "{error}");
    assert!(
        !setup
            .cache
            .downloads()
            .join("torch-0-none-any.whl")
            .exists()
    );
}

#[test]
fn when_nothing_works_each_reason_and_the_remedies_are_named() {
    let place = Place::new();
    let (_, wheel) = place.wheel("00");
    let setup = place.setup(NO_HOST, Path::new("no-python"), vec![wheel]);
    let error = setup.ensure(None).unwrap_err();
    let text = error.to_string();
    for part in [
        NO_HOST,
        "PyPI by pip",
        "no-python is not installed",
        "python3-pip",
        "--libtorch",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert_eq!(
        crate::stop::exit_code(&error),
        std::process::ExitCode::from(5)
    );
}

#[test]
fn pips_own_words_are_in_the_reason() {
    let place = Place::new();
    let (_, wheel) = place.wheel("00");
    let script = "#!/bin/sh\n[ \"$3\" = --version ] && { echo pip 23.0; exit 0; }\n\
                  echo 'ERROR: no matching distribution' >&2\nexit 1\n";
    let python = place.program(script);
    let error = place
        .setup(NO_HOST, &python, vec![wheel])
        .ensure(None)
        .unwrap_err();
    assert!(
        error.to_string().contains("no matching distribution"),
        "{error}"
    );
}
