//! `cargo xtask bench-mvtec`: prepares everything, builds `aesc` and hands over to
//! `aesc bench run`, whose exit code is the command's.

mod dataset;
mod engine;

use crate::stop::{Stop, USAGE};
use crate::{data, libtorch, workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What `--check` without a file stands for.
const DEFAULT_BASELINE: &str = "default";

/// `cargo xtask bench-mvtec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run on the built-in sample set, drawn first where it is not there
    #[arg(long, conflicts_with = "data")]
    sample: bool,
    /// Dataset folder in the layout of MVTec AD; without it `MVTEC_AD`, then the default folder,
    /// to which it is offered to fetch the dataset
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only these categories
    #[arg(long, value_name = "NAME", num_args = 1..)]
    category: Vec<String>,
    /// Which cells: frontier, headline, paper, sample or a TOML file [default: headline]
    #[arg(long, value_name = "NAME|FILE")]
    matrix: Option<String>,
    /// Preset of every cell [default: sample with --sample, else the matrix's, else quick]
    #[arg(long)]
    preset: Option<String>,
    /// Hold the results against a baseline; exit code 21 names what fell [default FILE: the data
    /// set's in data/baselines]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = DEFAULT_BASELINE)]
    check: Option<PathBuf>,
    /// Folder of the run [default: runs/bench-NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Cells at a time
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    engine: engine::EngineArgs,
    /// auto, cpu, cuda or cuda:N
    #[arg(long)]
    device: Option<String>,
    /// More arguments for `aesc bench run`
    #[arg(last = true)]
    more: Vec<String>,
}

/// Runs the command; on Unix a success never returns, since `aesc` takes the process over.
///
/// # Errors
/// No dataset (exit code 3), no libtorch (5), or the build fails.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let data = if args.sample {
        None
    } else {
        let named = args.data.as_deref();
        Some(dataset::find(named, &args.category, &mut data::ask)?)
    };
    if let Some(check) = &args.check {
        must_exist(&baseline(
            check,
            args,
            data.as_deref().unwrap_or(Path::new("sample")),
        ))?;
    }
    libtorch::ensure()?;
    let aesc = build()?;
    let data = data.map_or_else(|| sample(&aesc), Ok)?;
    let mut command = Command::new(aesc);
    command
        .args(["bench", "run", "--data"])
        .arg(&data)
        .args(options(args, &data));
    hand_over(command)
}

/// What follows `aesc bench run --data DIR`.
fn options(args: &Args, data: &Path) -> Vec<String> {
    let root = workspace::root();
    let default_out = root.join("runs").join(run_name(args, data));
    let out = args.out.as_ref().unwrap_or(&default_out);
    let mut options = vec!["--out".to_owned(), out.to_string_lossy().into_owned()];
    let mut option = |flag: &str, value: &dyn ToString| {
        options.extend([flag.to_owned(), value.to_string()]);
    };
    if let Some(matrix) = &args.matrix {
        option("--matrix", matrix);
    }
    if let Some(preset) = preset(args) {
        option("--preset", &preset);
    }
    if let Some(check) = &args.check {
        let baseline = baseline(check, args, data);
        option("--check", &baseline.display());
    }
    for category in &args.category {
        option("--category", category);
    }
    if let Some(jobs) = args.jobs {
        option("--jobs", &jobs);
    }
    if let Some(device) = &args.device {
        option("--device", device);
    }
    options.extend(args.engine.options());
    options.extend(args.more.iter().cloned());
    options
}

/// The preset to name; without one the matrix decides.
fn preset(args: &Args) -> Option<&str> {
    let default = args.sample.then_some("sample");
    args.preset.as_deref().or(default)
}

/// The baseline named, or the one of the data set's name, or that of MVTec AD.
fn baseline(named: &Path, args: &Args, data: &Path) -> PathBuf {
    if named != Path::new(DEFAULT_BASELINE) {
        return named.to_owned();
    }
    let baselines = workspace::root().join("data/baselines");
    let of = |name: &str| baselines.join(format!("{name}.toml"));
    if args.sample {
        return of("sample");
    }
    let own = data.file_name().map(|name| of(&name.to_string_lossy()));
    own.filter(|path| path.is_file())
        .unwrap_or_else(|| of("mvtec"))
}

/// A baseline that is not there is told before anything is built or trained.
fn must_exist(baseline: &Path) -> Result<()> {
    if baseline.is_file() {
        return Ok(());
    }
    let message = format!(
        "there is no baseline at {0}: `aesc bench baseline --out RUN > {0}` makes one of a run's \
         results, or name another by --check FILE",
        baseline.display()
    );
    Err(Stop::new(USAGE, message).into())
}

/// `bench-sample`, or what tells matrices of one dataset apart: `bench-mvtec256-bottle-quick`.
fn run_name(args: &Args, data: &Path) -> String {
    let dataset = data
        .file_name()
        .map_or_else(|| "data".into(), |name| name.to_string_lossy());
    let mut parts = vec!["bench", &*dataset];
    parts.extend(args.category.iter().map(String::as_str));
    let matrix = args.matrix.as_deref().map(Path::new);
    let matrix = matrix.and_then(|path| path.file_stem()?.to_str());
    parts.extend(matrix.filter(|name| *name != "headline"));
    match preset(args) {
        Some("sample") if args.sample => {}
        Some(preset) => parts.push(preset),
        None if matrix.is_none_or(|name| name == "headline") => parts.push("quick"),
        None => {}
    }
    parts.join("-")
}

/// Builds the program and says where it lies.
fn build() -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    let status = cargo
        .args(["build", "--release", "--package", "aesc-cli"])
        .status()?;
    if !status.success() {
        bail!("cargo build --release --package aesc-cli: {status}");
    }
    Ok(workspace::target_dir().join("release/aesc"))
}

/// Draws the sample set where it is not there; its folder gets its name when it is whole.
fn sample(aesc: &Path) -> Result<PathBuf> {
    let dir = data::home()?.join("sample");
    if dir.is_dir() {
        return Ok(dir);
    }
    let parent = data::home()?;
    fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let drawing = parent.join(format!("sample.{}.partial", std::process::id()));
    eprintln!("drawing the sample set: {}", dir.display());
    let status = Command::new(aesc)
        .args(["data", "sample", "--out"])
        .arg(&drawing)
        .status()?;
    if !status.success() {
        bail!("aesc data sample: {status}");
    }
    match fs::rename(&drawing, &dir) {
        // Another run was faster: its set is the same.
        Err(_) if dir.is_dir() => fs::remove_dir_all(&drawing)?,
        renamed => renamed.with_context(|| format!("cannot name {}", dir.display()))?,
    }
    Ok(dir)
}

/// Becomes the program, so that signals and exit codes are its own.
#[cfg(unix)]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}

#[cfg(not(unix))]
fn hand_over(mut command: Command) -> Result<ExitCode> {
    let code = command
        .status()?
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn line(words: &str) -> Args {
        Line::parse_from(words.split(' ')).args
    }

    fn options_of(words: &str, data: &str) -> String {
        options(&line(words), Path::new(data)).join(" ")
    }

    #[test]
    fn the_sample_run_needs_no_further_word() {
        let options = options_of("x --sample", "a/sample");
        assert!(
            options.ends_with("runs/bench-sample --preset sample"),
            "{options}"
        );
    }

    #[test]
    fn a_run_is_named_after_what_tells_it_apart() {
        let options = options_of("x --data d --category bottle pill", "a/mvtec256");
        assert!(
            options.contains("runs/bench-mvtec256-bottle-pill-quick "),
            "{options}"
        );
        assert!(
            options.ends_with("--category bottle --category pill"),
            "{options}"
        );
    }

    #[test]
    fn a_matrix_names_its_run_and_brings_its_preset() {
        let options = options_of("x --sample --matrix sample", "a/sample");
        assert!(
            options.ends_with("runs/bench-sample-sample --matrix sample --preset sample"),
            "{options}"
        );
        let options = options_of("x --data d --matrix my/small.toml", "a/mvtec256");
        assert!(
            options.ends_with("runs/bench-mvtec256-small --matrix my/small.toml"),
            "{options}"
        );
    }

    #[test]
    fn a_check_without_a_file_takes_the_data_sets_baseline() {
        for (words, data, baseline) in [
            (
                "x --sample --check",
                "a/sample",
                "data/baselines/sample.toml",
            ),
            ("x --data d --check", "a/mine", "data/baselines/mvtec.toml"),
        ] {
            let options = options_of(words, data);
            assert!(options.ends_with(baseline), "{options}");
        }
    }

    #[test]
    fn the_sample_sets_baseline_is_shipped_and_an_absent_one_is_exit_code_2() {
        let shipped = baseline(
            Path::new(DEFAULT_BASELINE),
            &line("x --sample"),
            Path::new("s"),
        );
        assert!(must_exist(&shipped).is_ok(), "{}", shipped.display());
        let error = must_exist(Path::new("no/such.toml")).unwrap_err();
        assert_eq!(crate::stop::exit_code(&error), ExitCode::from(2));
        assert!(error.to_string().contains("aesc bench baseline"), "{error}");
    }

    #[test]
    fn everything_else_is_passed_on() {
        let words =
            "x --data d --out o --preset paper --check b.toml --jobs 2 --device cpu -- --seed 3";
        let expected = "--out o --preset paper --check b.toml --jobs 2 --device cpu --seed 3";
        assert_eq!(options_of(words, "d"), expected);
        let slurm = "--engine slurm --partition gpu --max-parallel 8 --gres gpu:1 \
                     --cells-per-task 2 --sbatch-arg=--time=60 --sbatch-arg=--qos=low";
        let options = options_of(&format!("x --data d --out o {slurm}"), "d");
        assert_eq!(options, format!("--out o {slurm}"));
    }
}
