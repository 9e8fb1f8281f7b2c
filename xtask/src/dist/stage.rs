//! The folder that becomes the archive, filled in a temporary place.

use super::licences::Licence;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What the archive says of itself.
const README: &str = include_str!("README.md");
/// The licence of PyTorch, whose C++ half libtorch is.
const PYTORCH_LICENCE: &str = include_str!("pytorch-licence.txt");
/// The list of checksums, as `sha256sum --check` reads it.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";

/// Program, libraries and the project's own texts.
pub(super) fn fill(folder: &Path, program: &Path, libtorch: Option<&Path>) -> Result<()> {
    copy(program, &folder.join("bin/aesc"))?;
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&crate::workspace::root().join(name), &folder.join(name))?;
    }
    write(&folder.join("README.md"), README.as_bytes())?;
    let Some(libtorch) = libtorch else {
        return Ok(());
    };
    for library in libraries(&libtorch.join("lib"))? {
        let name = library.file_name().unwrap_or_default();
        copy(&library, &folder.join("lib").join(name))?;
    }
    for name in ["build-version", "version.py"] {
        let version = libtorch.join(name);
        if version.is_file() {
            copy(&version, &folder.join(name))?;
        }
    }
    Ok(())
}

/// The shared libraries; what only a build needs (archives, linker scripts) stays behind.
fn libraries(lib: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(lib).with_context(|| format!("cannot read {}", lib.display()))? {
        let path = entry?.path();
        let mut magic = [0; 4];
        let is_elf = fs::File::open(&path)
            .and_then(|mut file| file.read_exact(&mut magic))
            .is_ok();
        if is_elf && magic == *b"\x7fELF" {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The texts of every licence, a folder a package.
pub(super) fn add_licences(
    folder: &Path,
    licences: &[Licence],
    libtorch: Option<&Path>,
) -> Result<()> {
    let mut list =
        String::from("Packages in this program, their licences, and where the texts are.\n\n");
    for licence in licences {
        let place = format!("{}-{}", licence.name, licence.version);
        writeln!(list, "{place}: {}", licence.expression)?;
        for text in &licence.texts {
            let name = text.file_name().unwrap_or_default();
            copy(text, &folder.join("licences").join(&place).join(name))?;
        }
    }
    if libtorch.is_some() {
        list.push_str(
            "libtorch: BSD-3-Clause (licences/libtorch.txt); NVIDIA's libraries (libcu*, libnv*), \
             where they are in lib: the CUDA Toolkit End User License Agreement\n",
        );
        write(
            &folder.join("licences/libtorch.txt"),
            PYTORCH_LICENCE.as_bytes(),
        )?;
    }
    write(&folder.join("licences/README.txt"), list.as_bytes())
}

/// The SHA-256 of every file, sorted by name.
pub(super) fn add_checksums(folder: &Path) -> Result<()> {
    let mut lines = String::new();
    for path in files(folder)? {
        let relative = path.strip_prefix(folder).unwrap_or(&path);
        writeln!(lines, "{}  {}", sha256(&path)?, relative.display())?;
    }
    write(&folder.join(CHECKSUMS), lines.as_bytes())
}

/// Every file below a folder, sorted.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let walk = WalkDir::new(folder).sort_by_file_name();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// The SHA-256 of a file in hex digits.
pub(super) fn sha256(path: &Path) -> Result<String> {
    let mut file =
        fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    create_parent(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    create_parent(path)?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn create_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))
}
