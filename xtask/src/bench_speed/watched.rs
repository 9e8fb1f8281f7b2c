//! A program run to its end, its output and the most memory it held.

use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often a running program's memory is looked at; the system keeps the peak in between.
const LOOK: Duration = Duration::from_millis(20);

/// What a program printed on stdout, and its largest resident size in MiB where the system tells.
pub(super) fn run(command: &mut Command) -> Result<(String, Option<f64>)> {
    let words = format!("{command:?}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {words}"))?;
    let pid = child.id();
    let pipe = child.stdout.take();
    let reader =
        std::thread::spawn(move || pipe.map_or(Ok(String::new()), std::io::read_to_string));
    let mut peak = None;
    let status = loop {
        peak = peak_mib(pid).or(peak);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(LOOK),
        }
    };
    let Ok(output) = reader.join() else {
        bail!("{words}: its output cannot be read");
    };
    if !status.success() {
        bail!("{words}: {status}");
    }
    Ok((output?, peak))
}

/// The high-water mark of a process that runs.
fn peak_mib(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}
