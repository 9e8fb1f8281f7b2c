//! What makes a folder a libtorch that this project can build with.

use super::VERSION;
use std::fmt;
use std::path::{Path, PathBuf};

/// Files without which neither the build nor the run can work.
const NEEDED: [&str; 5] = [
    "include/torch/csrc/api/include/torch/torch.h",
    "include/ATen/ATen.h",
    "lib/libc10.so",
    "lib/libtorch_cpu.so",
    "lib/libtorch.so",
];

/// A libtorch folder of the right version with every file that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Install {
    /// Absolute, links resolved.
    pub(crate) dir: PathBuf,
    /// As its version file says it, for instance `2.11.0+cpu`.
    pub(crate) version: String,
    pub(crate) cuda: bool,
}

/// Why a folder is no usable libtorch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing(PathBuf),
    BrokenLink { link: PathBuf, target: PathBuf },
    Incomplete { dir: PathBuf, file: &'static str },
    NoVersion(PathBuf),
    WrongVersion { dir: PathBuf, found: String },
    NoCuda(PathBuf),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(dir) => write!(f, "there is no libtorch at {}", dir.display()),
            Self::BrokenLink { link, target } => {
                write!(
                    f,
                    "{} points to {}, which is gone",
                    link.display(),
                    target.display()
                )
            }
            Self::Incomplete { dir, file } => {
                write!(
                    f,
                    "{} is no complete libtorch: {file} is missing",
                    dir.display()
                )
            }
            Self::NoVersion(dir) => write!(
                f,
                "{} does not tell its version: it has neither build-version nor version.py",
                dir.display()
            ),
            Self::WrongVersion { dir, found } => write!(
                f,
                "{} is libtorch {found}, but tch needs exactly {VERSION}",
                dir.display()
            ),
            Self::NoCuda(dir) => {
                write!(
                    f,
                    "{} has no CUDA: lib/libtorch_cuda.so is missing",
                    dir.display()
                )
            }
        }
    }
}

impl std::error::Error for Fault {}

impl Install {
    /// Looks at `dir`: an unpacked libtorch archive, a folder made by set-up, or the `torch`
    /// folder of a Python installation.
    pub(crate) fn inspect(dir: &Path) -> Result<Self, Fault> {
        let resolved = dir.canonicalize().map_err(|_| match dir.read_link() {
            Ok(target) => Fault::BrokenLink {
                link: dir.to_path_buf(),
                target,
            },
            Err(_) => Fault::Missing(dir.to_path_buf()),
        })?;
        if let Some(file) = NEEDED
            .into_iter()
            .find(|file| is_empty(&resolved.join(file)))
        {
            return Err(Fault::Incomplete {
                dir: resolved,
                file,
            });
        }
        let version = version(&resolved).ok_or_else(|| Fault::NoVersion(resolved.clone()))?;
        if version.split('+').next() != Some(VERSION) {
            return Err(Fault::WrongVersion {
                dir: resolved,
                found: version,
            });
        }
        let cuda = resolved.join("lib/libtorch_cuda.so").exists();
        Ok(Self {
            dir: resolved,
            version,
            cuda,
        })
    }

    /// [`Install::inspect`], and a fault where CUDA is asked for and not there.
    pub(crate) fn inspect_for(dir: &Path, variant: super::Variant) -> Result<Self, Fault> {
        let install = Self::inspect(dir)?;
        if variant == super::Variant::Cuda && !install.cuda {
            return Err(Fault::NoCuda(install.dir));
        }
        Ok(install)
    }
}

/// Missing and empty files are the same to a linker: a full disk leaves the latter.
fn is_empty(file: &Path) -> bool {
    file.metadata().map_or(true, |metadata| metadata.len() == 0)
}

fn version(dir: &Path) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).ok();
    let archive = read("build-version").map(|text| text.trim().to_owned());
    archive
        .filter(|text| !text.is_empty())
        .or_else(|| python_version(&read("version.py")?))
}

/// The value of `__version__ = '2.11.0+cu130'` in PyTorch's `version.py`.
fn python_version(source: &str) -> Option<String> {
    let value = source
        .lines()
        .find_map(|line| line.strip_prefix("__version__ = "))?;
    Some(value.trim_matches(['\'', '"']).to_owned())
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A folder that passes as libtorch.

    use super::NEEDED;
    use std::path::Path;

    /// Every needed file with a few bytes, and `build-version`.
    pub(crate) fn libtorch(dir: &Path, version: &str) {
        for file in NEEDED {
            let path = dir.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        std::fs::write(dir.join("build-version"), version).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Variant;
    use super::*;
    use std::fs;

    #[test]
    fn an_archive_folder_tells_its_version_and_that_it_has_no_cuda() {
        let dir = tempfile::tempdir().unwrap();
        fixture::libtorch(dir.path(), "2.11.0+cpu\n");
        let install = Install::inspect(dir.path()).unwrap();
        assert_eq!(
            (install.version.as_str(), install.cuda),
            ("2.11.0+cpu", false)
        );
        let fault = Install::inspect_for(dir.path(), Variant::Cuda).unwrap_err();
        assert!(matches!(fault, Fault::NoCuda(_)));
    }

    #[test]
    fn the_torch_folder_of_a_python_installation_is_accepted() {
        let dir = tempfile::tempdir().unwrap();
        fixture::libtorch(dir.path(), "");
        let python = "debug = False\n__version__ = '2.11.0+cu130'\n";
        fs::write(dir.path().join("version.py"), python).unwrap();
        fs::write(dir.path().join("lib/libtorch_cuda.so"), "x").unwrap();
        let install = Install::inspect_for(dir.path(), Variant::Cuda).unwrap();
        assert_eq!(install.version, "2.11.0+cu130");
    }

    #[test]
    fn another_version_an_empty_file_and_a_missing_version_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        fixture::libtorch(dir.path(), "2.11.1+cpu");
        let wrong = Install::inspect(dir.path()).unwrap_err();
        assert!(
            wrong.to_string().contains("is libtorch 2.11.1+cpu"),
            "{wrong}"
        );
        fs::remove_file(dir.path().join("build-version")).unwrap();
        assert!(matches!(
            Install::inspect(dir.path()),
            Err(Fault::NoVersion(_))
        ));
        fs::write(dir.path().join("lib/libc10.so"), "").unwrap();
        let incomplete = Install::inspect(dir.path()).unwrap_err();
        assert!(
            incomplete.to_string().contains("lib/libc10.so is missing"),
            "{incomplete}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_nowhere_is_named_with_its_target() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("gone", &link).unwrap();
        let fault = Install::inspect(&link).unwrap_err();
        assert!(matches!(fault, Fault::BrokenLink { target, .. } if target == Path::new("gone")));
        assert!(matches!(
            Install::inspect(&dir.path().join("no")),
            Err(Fault::Missing(_))
        ));
    }
}
