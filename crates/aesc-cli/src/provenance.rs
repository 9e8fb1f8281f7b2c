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
    dataset_digest: &str,
) -> Provenance {
    let program = std::env::args().take(1).map(|path| {
        // The folder of the binary says nothing about the result.
        path.rsplit('/').next().unwrap_or("aesc").to_owned()
    });
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: COMMIT.to_owned(),
        libtorch: libtorch(),
        device: device.to_owned(),
        cpu: cpu(),
        threads: context.global.threads(),
        seed,
        dataset_digest: dataset_digest.to_owned(),
        command: program.chain(std::env::args().skip(1)).collect(),
        started: now(),
        ended: String::new(),
    }
}
