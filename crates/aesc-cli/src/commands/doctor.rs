//! `aesc doctor`: what this machine offers, what is off, and how to mend it.

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::Context;
use crate::failure::Failure;
use crate::provenance;

/// What `doctor` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aesc doctor\n  aesc doctor --json --device cuda")]
pub(crate) struct DoctorArgs {}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    found: String,
    /// What to do about it, where something is off or could be better.
    remedy: Option<String>,
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            ok: true,
            found: found.into(),
            remedy: None,
        }
    }
}

pub(crate) fn run(_: &DoctorArgs, context: &Context) -> Result<(), Failure> {
    let mut findings = vec![
        Finding::fine("aesc", provenance::long_version()),
        Finding::fine("processor", provenance::cpu()),
        threads(context),
        vector_units(),
        memory(),
    ];
    let (devices, failure) = devices(context);
    findings.extend(devices);
    let value: Value = json!({ "findings": findings, "ok": findings.iter().all(|f| f.ok) });
    context.output.result(&value, || text(&findings))?;
    failure.map_or(Ok(()), Err)
}

fn threads(context: &Context) -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = format!("{} of {cores} cores", context.global.threads());
    let mut finding = Finding::fine("threads", found);
    if context.global.threads() > cores {
        finding.ok = false;
        finding.remedy = Some(format!(
            "--threads {cores}: more threads than cores slow all down"
        ));
    }
    finding
}

fn vector_units() -> Finding {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info
        .lines()
        .find_map(|l| l.strip_prefix("flags"))
        .unwrap_or_default();
    let known = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"];
    let found: Vec<&str> = known
        .into_iter()
        .filter(|name| flags.split_whitespace().any(|f| f == *name))
        .collect();
    Finding::fine(
        "vector units",
        if found.is_empty() {
            "unknown".into()
        } else {
            found.join(" ")
        },
    )
}

fn memory() -> Finding {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    let Some(gib) = kb.map(|kb| kb / f64::from(1 << 20)) else {
        return Finding::fine("free memory", "unknown");
    };
    let mut finding = Finding::fine("free memory", format!("{gib:.1} GiB"));
    if gib < 3.0 {
        finding.ok = false;
        finding.remedy = Some("training at 256 x 256 wants 3 GiB: a smaller train.batch".into());
    }
    finding
}

#[cfg(feature = "libtorch")]
fn devices(context: &Context) -> (Vec<Finding>, Option<Failure>) {
    let report = aesc_model::report();
    let place = report
        .libtorch
        .map_or("unknown place".into(), |p| p.display().to_string());
    let cuda = match &report.cuda {
        Ok(count) => Finding::fine("CUDA", format!("{count} device(s)")),
        Err(why) => Finding {
            remedy: None,
            ..Finding::fine("CUDA", format!("none: {why}"))
        },
    };
    let asked = &context.global.device;
    let (device, failure) = match aesc_model::Device::open(asked) {
        Ok(device) => (
            Finding::fine("device", format!("{asked} is {device}")),
            None,
        ),
        Err(error) => {
            let remedy = Some("--device cpu, or mend what the reason says".to_owned());
            let found = error.to_string();
            (
                Finding {
                    what: "device",
                    ok: false,
                    found,
                    remedy,
                },
                Some(error.into()),
            )
        }
    };
    let libtorch = Finding::fine("libtorch", format!("{} in {place}", report.version));
    (vec![libtorch, cuda, device], failure)
}

#[cfg(not(feature = "libtorch"))]
fn devices(_: &Context) -> (Vec<Finding>, Option<Failure>) {
    let remedy = Some("build with the default features to train".to_owned());
    let found = "not in this build: tract reconstructs, on the cpu".to_owned();
    (
        vec![Finding {
            what: "libtorch",
            ok: true,
            found,
            remedy,
        }],
        None,
    )
}

fn text(findings: &[Finding]) -> String {
    let line = |f: &Finding| {
        let mark = if f.ok { "ok " } else { "OFF" };
        let remedy = f
            .remedy
            .as_ref()
            .map_or(String::new(), |r| format!("\n{:19}-> {r}", ""));
        format!("{mark} {:<14} {}{remedy}\n", f.what, f.found)
    };
    findings.iter().map(line).collect()
}
