//! `setup --check`: says what keeps the project from building or its program from starting.

use super::install::{Fault, Install};
use super::{Setup, compiler};
use crate::stop::{LIBTORCH, Stop};
use crate::workspace;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// The status a dynamic loader leaves when a library is missing.
const LOADER_FAILED: i32 = 127;

/// Prints what is in order, and fails with everything that is not.
pub(crate) fn run(setup: &Setup) -> Result<()> {
    let mut findings = Vec::new();
    match setup.current() {
        Ok(install) => {
            eprintln!("libtorch {} at {}", install.version, install.dir.display());
            eprintln!(
                "CUDA libraries: {}",
                if install.cuda { "yes" } else { "no" }
            );
        }
        Err(fault) => findings.push(format!("{fault}; {}", remedy(&fault, setup))),
    }
    match compiler::fault() {
        None => eprintln!("C++ compiler: works"),
        Some(fault) => findings.push(fault),
    }
    for profile in ["debug", "release"] {
        findings.extend(unstartable(
            &workspace::target_dir().join(profile).join("aesc"),
        ));
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Stop::new(LIBTORCH, findings.join("\n  and ")).into())
}

fn remedy(fault: &Fault, setup: &Setup) -> String {
    if setup.libtorch_env.is_some() {
        return "LIBTORCH names it: correct or unset that variable".to_owned();
    }
    match fault {
        Fault::NoCuda(_) => "run `cargo xtask setup --cuda`".to_owned(),
        _ => "run `cargo xtask setup`".to_owned(),
    }
}

/// A built program that the loader cannot start because its libtorch went away.
fn unstartable(program: &Path) -> Option<String> {
    let run = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output();
    let output = run
        .ok()
        .filter(|output| output.status.code() == Some(LOADER_FAILED))?;
    let said = String::from_utf8_lossy(&output.stderr);
    Some(format!(
        "{} does not start: {}; build it again after set-up",
        program.display(),
        said.trim()
    ))
}

impl Setup {
    /// The libtorch a build would use now.
    pub(crate) fn current(&self) -> Result<Install, Fault> {
        let dir = self.libtorch_env.clone().unwrap_or_else(|| self.link());
        Install::inspect_for(&dir, self.variant)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loaders_failure_counts_and_its_words_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(unstartable(Path::new("/bin/true")), None);
        assert_eq!(unstartable(Path::new("/bin/false")), None);
        assert_eq!(unstartable(&dir.path().join("absent")), None);
        let (text, program) = (dir.path().join("text"), dir.path().join("aesc"));
        let script = "#!/bin/sh\necho 'libtorch_cpu.so: cannot open' >&2\nexit 127\n";
        std::fs::write(&text, script).unwrap();
        let mut install = Command::new("install");
        assert!(
            install
                .args(["-m", "755"])
                .args([&text, &program])
                .status()
                .unwrap()
                .success()
        );
        let finding = unstartable(&program).unwrap();
        assert!(
            finding.contains("libtorch_cpu.so: cannot open"),
            "{finding}"
        );
    }
}
