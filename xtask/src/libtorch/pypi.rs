//! The fallback where the official host is out of reach: the CPU half of PyTorch's wheel.
//!
//! The wheel is built with CUDA, so its `libtorch_cpu.so` wants two small CUDA libraries to
//! load; they come from wheels of their own and do nothing without a driver. All three are
//! pinned by SHA-256, which pip checks on arrival and we check again before unpacking.

use super::{VERSION, unpack};
use crate::fetch;
use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A wheel by its exact name and digest.
#[derive(Debug, Clone)]
pub(crate) struct Wheel {
    pub(crate) requirement: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

impl Wheel {
    fn new(requirement: &str, file: &str, sha256: &str) -> Self {
        Self {
            requirement: requirement.into(),
            file: file.into(),
            sha256: sha256.into(),
        }
    }
}

/// The three wheels, 544 MB in all.
pub(crate) fn wheels() -> Vec<Wheel> {
    vec![
        Wheel::new(
            "nvidia-cuda-runtime==13.0.96",
            "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        ),
        Wheel::new(
            "nvidia-cuda-cupti==13.0.85",
            "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
            "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        ),
        Wheel::new(
            "torch==2.11.0",
            "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
        ),
    ]
}

/// What every download asks pip for: wheels for Python 3.11 on x86-64 Linux, whatever runs pip.
const TARGET: [&str; 14] = [
    "--no-deps",
    "--only-binary=:all:",
    "--platform",
    "manylinux_2_28_x86_64",
    "--platform",
    "manylinux_2_25_x86_64",
    "--platform",
    "manylinux_2_17_x86_64",
    "--platform",
    "manylinux2014_x86_64",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
];

/// Downloads the wheels that are not there yet and puts a CPU libtorch together in `into`.
///
/// # Errors
/// Python or pip is missing, a download fails, a digest differs. Finished wheels are kept.
pub(crate) fn install(
    python: &Path,
    wheels: &[Wheel],
    downloads: &Path,
    into: &Path,
) -> Result<()> {
    fs::create_dir_all(downloads)?;
    for wheel in wheels {
        let path = downloads.join(&wheel.file);
        if path.exists() && digest(&path)? == wheel.sha256 {
            eprintln!("{} is here already", wheel.file);
            continue;
        }
        download(python, wheel, downloads)?;
    }
    for wheel in wheels {
        unpack::unpack(&downloads.join(&wheel.file), into, place)?;
    }
    // What `-ltorch` finds: the wheel's own libtorch.so also wants the CUDA half.
    fs::write(into.join("lib/libtorch.so"), "INPUT(-ltorch_cpu)\n")?;
    fs::write(into.join("build-version"), format!("{VERSION}+cpu\n"))?;
    Ok(())
}

fn download(python: &Path, wheel: &Wheel, downloads: &Path) -> Result<()> {
    let pip = Pip::find(python)?;
    let requirements = downloads.join("requirements.txt");
    fs::write(
        &requirements,
        format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256),
    )?;
    eprintln!("pip downloads {}", wheel.file);
    pip.download(&requirements, downloads)
        .with_context(|| format!("pip could not download {}", wheel.requirement))?;
    let path = downloads.join(&wheel.file);
    let found = digest(&path).with_context(|| format!("pip did not bring {}", wheel.file))?;
    if found != wheel.sha256 {
        fs::remove_file(&path)?;
        bail!(
            "{} has the wrong checksum: expected sha256 {}, found {found}; it was removed",
            wheel.file,
            wheel.sha256
        );
    }
    Ok(())
}

/// A pip that answers, with its version.
#[derive(Debug)]
struct Pip<'a> {
    python: &'a Path,
    version: (u32, u32),
}

impl<'a> Pip<'a> {
    fn find(python: &'a Path) -> Result<Self> {
        let answer = Command::new(python)
            .args(["-m", "pip", "--version"])
            .output();
        let output = match answer {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!(
                    "{} is not installed: apt-get install python3-pip",
                    python.display()
                )
            }
            answer => answer?,
        };
        if !output.status.success() {
            bail!(
                "{} has no pip: apt-get install python3-pip",
                python.display()
            );
        }
        let version = version(&String::from_utf8_lossy(&output.stdout)).unwrap_or_default();
        Ok(Self { python, version })
    }

    /// `python -m pip download`, its progress on our stderr, its complaints in the error.
    fn download(&self, requirements: &Path, downloads: &Path) -> Result<()> {
        let mut command = Command::new(self.python);
        command.args([
            "-m",
            "pip",
            "download",
            "--require-hashes",
            "--no-cache-dir",
        ]);
        // An interrupted transfer is continued by pip itself since 25.1.
        if self.version >= (25, 1) {
            command.args(["--resume-retries", "10"]);
        }
        command
            .args(TARGET)
            .arg("--dest")
            .arg(downloads)
            .arg("--requirement")
            .arg(requirements);
        // pip collects in the temporary folder, which is often too small or in memory.
        command.env("TMPDIR", downloads);
        command
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .stderr(Stdio::piped());
        let output = command.spawn()?.wait_with_output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(anyhow!(
            "{}",
            complaint(&String::from_utf8_lossy(&output.stderr))
        ))
    }
}

/// `(23, 2)` of `pip 23.2.1 from …`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text
        .strip_prefix("pip ")?
        .split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// pip's error lines in one; its last line where none is marked.
fn complaint(stderr: &str) -> String {
    let marked: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ERROR: "))
        .collect();
    if marked.is_empty() {
        return stderr
            .lines()
            .last()
            .unwrap_or("pip failed and said nothing")
            .to_owned();
    }
    marked.join(" / ")
}

/// Where a wheel's file goes: headers, the three libraries of the CPU half, the two of CUDA.
///
/// Everything shared lies in `lib`, where the libraries' own run path `$ORIGIN` finds it.
fn place(entry: &str) -> Option<PathBuf> {
    if let Some(header) = entry.strip_prefix("torch/include/") {
        return Some(Path::new("include").join(header));
    }
    let name = match entry {
        "torch/lib/libtorch_cpu.so" | "torch/lib/libc10.so" | "torch/lib/libgomp.so.1" => {
            entry.strip_prefix("torch/lib/")?
        }
        _ => match entry.strip_prefix("nvidia/cu13/lib/")? {
            name @ ("libcudart.so.13" | "libcupti.so.13") => name,
            _ => return None,
        },
    };
    Some(Path::new("lib").join(name))
}

/// The file's SHA-256 in hexadecimal.
pub(super) fn digest(path: &Path) -> Result<String> {
    Ok(fetch::sha256(File::open(path)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cpu_half_is_kept() {
        assert_eq!(place("torch/lib/libc10.so"), Some("lib/libc10.so".into()));
        assert_eq!(
            place("nvidia/cu13/lib/libcupti.so.13"),
            Some("lib/libcupti.so.13".into())
        );
        assert_eq!(place("torch/include/a/b.h"), Some("include/a/b.h".into()));
        let left = [
            "torch/lib/libtorch_cuda.so",
            "torch/lib/libtorch.so",
            "torch/nn/__init__.py",
        ];
        assert!(left.iter().all(|entry| place(entry).is_none()));
        assert!(place("nvidia/cu13/lib/libnvperf_host.so").is_none());
    }

    #[test]
    fn pips_version_is_read_in_both_lengths() {
        assert_eq!(
            version("pip 23.2.1 from /usr/lib (python 3.11)\n"),
            Some((23, 2))
        );
        assert_eq!(version("pip 25.1 from /usr/lib"), Some((25, 1)));
        assert_eq!(version("Python 3"), None);
    }

    #[test]
    fn marked_lines_are_the_complaint() {
        let stderr = "WARNING: slow\nERROR: no such wheel\nnotice";
        assert_eq!(complaint(stderr), "no such wheel");
        assert_eq!(complaint("first\nlast"), "last");
    }
}
