//! Where a result comes from: this program, this machine, this command.

use std::sync::OnceLock;
use std::time::SystemTime;

use aesc_artifact::Provenance;

use crate::app::Context;

/// The commit this binary was built from.
pub(crate) const COMMIT: &str = env!("AESC_COMMIT");

/// For `--version`.
pub(crate) fn long_version() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        format!(
            "{} (commit {COMMIT}, {})",
            env!("CARGO_PKG_VERSION"),
            libtorch()
        )
    })
}

/// The backend's version.
pub(crate) fn libtorch() -> String {
    #[cfg(feature = "libtorch")]
    return format!("libtorch {}", aesc_model::libtorch_version());
    #[cfg(not(feature = "libtorch"))]
    return "without libtorch".to_owned();
}

/// What decides, beside a plan, what a cell's figures are: commit and libtorch.
pub(crate) fn build() -> String {
    format!("commit {COMMIT} with {}", libtorch())
}

/// The same of who made a result, by its provenance; `None` where it does not say.
pub(crate) fn build_of(provenance: &serde_json::Value) -> Option<String> {
    let text = |name: &str| provenance.get(name)?.as_str();
    let dirty = provenance.get("dirty").and_then(serde_json::Value::as_bool);
    let mark = if dirty == Some(true) { "-dirty" } else { "" };
    Some(format!(
        "commit {}{mark} with {}",
        text("commit")?,
        text("libtorch")?
    ))
}

/// The processor's name.
pub(crate) fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

/// The time now, RFC 3339, UTC, to the second.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The facts of a run that starts now.
pub(crate) fn start(
    context: &Context,
    device: &str,
    seed: u64,
    (dataset_digest, clean_digest): (&str, &str),
) -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: COMMIT.to_owned(),
        libtorch: libtorch(),
        device: device.to_owned(),
        cpu: cpu(),
        threads: context.global.threads(),
        seed,
        dataset_digest: dataset_digest.to_owned(),
        clean_digest: clean_digest.to_owned(),
        command: std::env::args_os()
            .map(|word| short(&word.to_string_lossy()))
            .collect(),
        started: now(),
        ended: String::new(),
    }
}

/// A word of the command line; an absolute path by its last part, for where a folder stood says
/// nothing about a result and much about a machine.
fn short(word: &str) -> String {
    match word.strip_prefix('/') {
        Some(path) => format!(
            "…/{}",
            path.trim_end_matches('/').rsplit('/').next().unwrap_or("")
        ),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_told_by_their_last_part() {
        assert_eq!(short("/srv/mvtec/"), "…/mvtec");
        assert_eq!(short("runs/cap"), "runs/cap");
        assert_eq!(short("--out"), "--out");
    }
}
