//! Set-up against a host and a pip of our own: nothing here leaves the machine.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod wheels;

use super::cache::Cache;
use super::pypi::Wheel;
use super::unpack::fixture::zip;
use super::{Setup, Sources, Variant};
use crate::fetch::tests::STALL_TIMEOUT;
use crate::fetch::tests::host::{Behaviour, Host};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A checkout and a cache in a temporary folder, with sources that all fail.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("checkout")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn setup(&self, archive_url: &str, python: &Path, wheels: Vec<Wheel>) -> Setup {
        Setup {
            root: self.path("checkout"),
            variant: Variant::Cpu,
            libtorch_env: None,
            cache: Cache::new(self.path("cache"), Variant::Cpu),
            sources: Sources {
                archive_url: archive_url.to_owned(),
                stall_timeout: STALL_TIMEOUT,
                python: python.to_owned(),
                wheels,
            },
        }
    }

    /// An executable script. Another process writes it: a file that this one holds open while
    /// another test starts a process could not be executed.
    fn program(&self, script: &str) -> PathBuf {
        let (text, program) = (self.path("script"), self.path("program"));
        fs::write(&text, script).unwrap();
        let mut install = Command::new("install");
        assert!(
            install
                .args(["-m", "755"])
                .args([&text, &program])
                .status()
                .unwrap()
                .success()
        );
        program
    }
}

fn archive() -> Vec<u8> {
    zip(&[
        ("libtorch/build-version", "2.11.0+cpu\n"),
        (
            "libtorch/include/torch/csrc/api/include/torch/torch.h",
            "header",
        ),
        ("libtorch/include/ATen/ATen.h", "header"),
        ("libtorch/lib/libc10.so", "c10"),
        (
            "libtorch/lib/libtorch_cpu.so",
            "sentinel of the cpu library",
        ),
        ("libtorch/lib/libtorch.so", "torch"),
        ("libtorch/lib/libdnnl.a", "static"),
    ])
}

/// A port where nobody listens.
const NO_HOST: &str = "http://127.0.0.1:9/libtorch.zip";

#[test]
fn the_official_archive_is_fetched_unpacked_and_linked() {
    let place = Place::new();
    let host = Host::start(archive(), Behaviour::default());
    let install = place
        .setup(&host.url, Path::new("no-python"), vec![])
        .ensure(None)
        .unwrap();
    assert_eq!(install.version, "2.11.0+cpu");
    assert_eq!(
        place.path("checkout/.libtorch").canonicalize().unwrap(),
        install.dir
    );
    assert!(!install.dir.join("lib/libdnnl.a").exists());
    assert!(!place.path("cache/libtorch-2.11.0-cpu.downloads").exists());
}

#[test]
fn a_second_checkout_takes_the_cache_and_asks_nobody() {
    let place = Place::new();
    let host = Host::start(archive(), Behaviour::default());
    place
        .setup(&host.url, Path::new("no-python"), vec![])
        .ensure(None)
        .unwrap();
    let mut second = place.setup(NO_HOST, Path::new("no-python"), vec![]);
    second.root = place.path("second");
    fs::create_dir(&second.root).unwrap();
    second.ensure(None).unwrap();
    assert_eq!(host.ranges().len(), 1);
}

#[test]
fn two_set_ups_at_once_share_one_download() {
    let place = Place::new();
    let host = Host::start(archive(), Behaviour::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let setup = place.setup(&host.url, Path::new("no-python"), vec![]);
            scope.spawn(move || setup.ensure(None).unwrap());
        }
    });
    assert_eq!(host.ranges().len(), 1);
}

#[test]
fn a_cut_transfer_is_continued_from_its_last_byte() {
    let place = Place::new();
    let behaviour = Behaviour {
        cut_first_after: Some(100),
        ..Behaviour::default()
    };
    let host = Host::start(archive(), behaviour);
    place
        .setup(&host.url, Path::new("no-python"), vec![])
        .ensure(None)
        .unwrap();
    assert_eq!(host.ranges(), [None, Some(100)]);
}

#[test]
fn a_damaged_archive_is_removed_and_named() {
    let place = Place::new();
    let mut bytes = archive();
    let at = bytes
        .windows(8)
        .position(|window| window == b"sentinel")
        .unwrap();
    bytes[at] ^= 1;
    let host = Host::start(bytes, Behaviour::default());
    let setup = place.setup(&host.url, Path::new("no-python"), vec![]);
    let error = setup.ensure(None).unwrap_err().to_string();
    assert!(error.contains("libtorch.zip is damaged"), "{error}");
    assert!(
        !place
            .path("cache/libtorch-2.11.0-cpu.downloads/libtorch.zip")
            .exists()
    );
}

#[test]
fn an_archive_of_another_version_is_not_installed() {
    let place = Place::new();
    let other = zip(&[("libtorch/build-version", "2.12.0+cpu")]);
    let host = Host::start(other, Behaviour::default());
    let setup = place.setup(&host.url, Path::new("no-python"), vec![]);
    assert!(
        setup
            .ensure(None)
            .unwrap_err()
            .to_string()
            .contains("unusable")
    );
    assert!(!setup.cache.dir().exists() && !place.path("checkout/.libtorch").exists());
}

#[test]
fn a_named_folder_is_linked_and_a_wrong_one_refused() {
    let place = Place::new();
    let good = place.path("good");
    super::install::fixture::libtorch(&good, "2.11.0+cpu");
    let setup = place.setup(NO_HOST, Path::new("no-python"), vec![]);
    setup.ensure(Some(&good)).unwrap();
    let error = setup
        .ensure(Some(&place.path("bad")))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("--libtorch: there is no libtorch at"),
        "{error}"
    );
    let link = place.path("checkout/.libtorch");
    assert_eq!(link.canonicalize().unwrap(), good.canonicalize().unwrap());
}

#[test]
fn libtorch_of_the_environment_is_used_without_a_link() {
    let place = Place::new();
    let good = place.path("good");
    super::install::fixture::libtorch(&good, "2.11.0+cpu");
    let mut setup = place.setup(NO_HOST, Path::new("no-python"), vec![]);
    setup.libtorch_env = Some(good);
    setup.ensure(None).unwrap();
    assert!(setup.link().symlink_metadata().is_err());
    setup.libtorch_env = Some("relative".into());
    assert!(
        setup
            .ensure(None)
            .unwrap_err()
            .to_string()
            .contains("no absolute path")
    );
}

#[test]
fn a_broken_link_is_diagnosed_and_then_mended() {
    let place = Place::new();
    let host = Host::start(archive(), Behaviour::default());
    let setup = place.setup(&host.url, Path::new("no-python"), vec![]);
    std::os::unix::fs::symlink("gone", setup.link()).unwrap();
    let error = super::check::run(&setup).unwrap_err().to_string();
    assert!(
        error.contains("points to gone") && error.contains("cargo xtask setup"),
        "{error}"
    );
    setup.ensure(None).unwrap();
    assert!(setup.current().is_ok());
}

#[test]
fn a_real_folder_in_the_links_place_is_never_replaced() {
    let place = Place::new();
    let host = Host::start(archive(), Behaviour::default());
    let setup = place.setup(&host.url, Path::new("no-python"), vec![]);
    fs::create_dir(setup.link()).unwrap();
    let error = setup.ensure(None).unwrap_err().to_string();
    assert!(error.contains("move it away"), "{error}");
}
