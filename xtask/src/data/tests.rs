//! Fetching and verifying against a host and archives of our own: nothing here leaves the machine.

mod fetching;
mod hostile;
mod offline;
mod options;
pub(crate) mod packed;
mod transfer;
mod verifying;

use super::archive::Source;
use super::extract::Bounds;
use super::fetch::Fetch;
use crate::fetch::sha256;
use crate::fetch::tests::STALL_TIMEOUT;
use crate::interrupt::Interrupt;
use crate::stop::exit_code;
use aesc_data::MvtecCategory;
use packed::Packed;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A dataset of two small categories.
const CATEGORIES: [MvtecCategory; 2] = [
    MvtecCategory {
        name: "bottle",
        train: 3,
        test: 3,
    },
    MvtecCategory {
        name: "pill",
        train: 2,
        test: 2,
    },
];

/// A port where nobody listens.
const NO_HOST: &str = "http://127.0.0.1:9/archive";

/// Both categories as MVTec packs them, below `wrapper`, which is empty or ends in a slash.
fn dataset(wrapper: &str) -> Vec<u8> {
    let mut packed = Packed::new();
    packed.file(&format!("{wrapper}license.txt"), b"CC BY-NC-SA 4.0");
    packed.category(
        &format!("{wrapper}bottle"),
        3,
        &[("good", 1), ("broken_large", 2)],
    );
    packed.category(&format!("{wrapper}pill"), 2, &[("crack", 1), ("good", 1)]);
    packed.finish()
}

/// A temporary folder in which the dataset's is to be.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Of the whole dataset, from `source`, where the archive is `bytes`.
    fn fetch(&self, source: Source, bytes: &[u8]) -> Fetch {
        Fetch {
            dir: self.path("mvtec"),
            categories: CATEGORIES.to_vec(),
            wanted: vec!["bottle".into(), "pill".into()],
            source,
            sha256: sha256(bytes).unwrap(),
            force: false,
            stall_timeout: STALL_TIMEOUT,
            bounds: Bounds::default(),
            interrupt: Interrupt::default(),
        }
    }

    fn fetch_url(&self, url: &str, bytes: &[u8]) -> Fetch {
        self.fetch(Source::Url(url.to_owned()), bytes)
    }

    /// Of an archive that lies in the folder.
    fn fetch_file(&self, bytes: &[u8]) -> Fetch {
        let path = self.path("own.tar.xz");
        fs::write(&path, bytes).unwrap();
        self.fetch(Source::File(path), bytes)
    }

    /// The names in the folder, sorted.
    fn names(&self) -> Vec<String> {
        names_in(self.root.path())
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The consent of somebody who is not asked.
const AGREE: fn() -> anyhow::Result<()> = || Ok(());

/// The error's words, once it is sure that it ends the program with `code`.
fn words(result: anyhow::Result<()>, code: u8) -> String {
    let error = result.unwrap_err();
    assert_eq!(exit_code(&error), ExitCode::from(code), "{error:#}");
    format!("{error:#}")
}
