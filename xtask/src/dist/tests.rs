//! Archives of a program that is a script.

use super::licences::Licence;
use super::{archive, stage};
use anyhow::bail;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A staged folder: the program says where its library lies.
fn staged(dir: &Path) -> PathBuf {
    let program = dir.join("program");
    fs::write(
        &program,
        "#!/bin/sh\ncat \"$(dirname \"$0\")/../lib/libreal.so\"\n",
    )
    .unwrap();
    let libtorch = dir.join("libtorch");
    fs::create_dir_all(libtorch.join("lib")).unwrap();
    fs::write(libtorch.join("lib/libreal.so"), b"\x7fELF and so on").unwrap();
    fs::write(libtorch.join("lib/libtorch.so"), "INPUT(-ltorch_cpu)").unwrap();
    fs::write(libtorch.join("lib/libmimalloc.a"), "!<arch>").unwrap();
    fs::write(libtorch.join("build-version"), "2.11.0+cpu\n").unwrap();
    let text = dir.join("LICENSE-MIT");
    fs::write(&text, "Permission is hereby granted").unwrap();
    let licence = Licence {
        name: "a".to_owned(),
        version: "1.0.0".to_owned(),
        expression: "MIT".to_owned(),
        texts: vec![text],
    };
    let folder = dir.join("aesc-1");
    stage::fill(&folder, &program, Some(&libtorch)).unwrap();
    stage::add_licences(&folder, &[licence], Some(&libtorch)).unwrap();
    stage::add_checksums(&folder).unwrap();
    folder
}

#[test]
fn the_program_runs_where_the_archive_is_unpacked_and_finds_its_libraries() {
    let dir = tempfile::tempdir().unwrap();
    let folder = staged(dir.path());
    let path = dir.path().join("aesc-1.tar.gz");
    let trial = |unpacked: &Path| {
        assert!(!unpacked.starts_with(dir.path()), "it lies elsewhere");
        let output = Command::new(unpacked.join("bin/aesc"))
            .env_clear()
            .output()?;
        assert_eq!(output.stdout, b"\x7fELF and so on");
        let sums = Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", stage::CHECKSUMS])
            .current_dir(unpacked)
            .status()?;
        assert!(sums.success());
        Ok(())
    };
    archive::pack(&folder, &path, trial).unwrap();
    assert!(path.is_file());
}

#[test]
fn what_only_a_build_needs_stays_behind_and_every_licence_comes_along() {
    let dir = tempfile::tempdir().unwrap();
    let folder = staged(dir.path());
    let files = stage::files(&folder).unwrap();
    let names: Vec<_> = files
        .iter()
        .map(|file| file.strip_prefix(&folder).unwrap().to_str().unwrap())
        .collect();
    let expected = [
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SHA256SUMS",
        "bin/aesc",
        "build-version",
        "lib/libreal.so",
        "licences/README.txt",
        "licences/a-1.0.0/LICENSE-MIT",
        "licences/libtorch.txt",
    ];
    assert_eq!(names, expected);
    let list = fs::read_to_string(folder.join("licences/README.txt")).unwrap();
    assert!(list.contains("a-1.0.0: MIT\n"), "{list}");
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = staged(dir.path());
    let bytes = |name: &str| {
        let path = dir.path().join(name);
        archive::pack(&folder, &path, |_| Ok(())).unwrap();
        fs::read(path).unwrap()
    };
    assert_eq!(bytes("one.tar.gz"), bytes("two.tar.gz"));
}

#[test]
fn an_archive_that_fails_its_trial_gets_no_name_and_the_old_one_stays() {
    let dir = tempfile::tempdir().unwrap();
    let folder = staged(dir.path());
    let path = dir.path().join("aesc-1.tar.gz");
    fs::write(&path, "old").unwrap();
    let error = archive::pack(&folder, &path, |_| bail!("does not start")).unwrap_err();
    assert_eq!(error.to_string(), "does not start");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    let left = fs::read_dir(dir.path()).unwrap().filter_map(Result::ok);
    let partial = left.filter(|e| e.file_name().to_string_lossy().starts_with(".dist-"));
    assert_eq!(partial.count(), 0);
}
