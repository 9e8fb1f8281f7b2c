//! What `cargo xtask test` consists of.

use super::slurm;
use crate::members::{self, Purity};
use crate::{docs, tidy, workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;

/// A folder that never exists: whoever looks for libtorch fails.
const NO_LIBTORCH: &str = "no-libtorch";

/// One heading of the output.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: String,
    actions: Vec<Action>,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Action {
    Cargo {
        args: Vec<String>,
        env: Vec<(String, String)>,
    },
    Here {
        command: &'static str,
        run: fn() -> Result<()>,
    },
    Example(PathBuf),
}

impl Action {
    /// A cargo command by its words.
    pub(super) fn cargo(words: &str) -> Self {
        Self::Cargo {
            args: words.split(' ').map(str::to_owned).collect(),
            env: Vec::new(),
        }
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        if let Self::Cargo { env, .. } = &mut self {
            env.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    fn run(&self) -> Result<()> {
        match self {
            Self::Here { run, .. } => run(),
            Self::Cargo { args, env } => {
                let env = env.iter().map(|(name, value)| (name, value));
                let mut cargo = workspace::cargo();
                cargo.args(args).env("CARGO_INCREMENTAL", "0").envs(env);
                succeed(cargo)
            }
            Self::Example(dir) => {
                // With the workspace's versions nothing new is resolved or fetched.
                fs::copy(workspace::root().join("Cargo.lock"), dir.join("Cargo.lock"))
                    .with_context(|| format!("cannot lock {}", dir.display()))?;
                let target = workspace::target_dir().join("examples");
                let mut cargo = workspace::cargo();
                cargo
                    .current_dir(dir)
                    .env("CARGO_INCREMENTAL", "0")
                    .args(["run", "--quiet", "--target-dir"])
                    .arg(target);
                succeed(cargo)
            }
        }
    }

    /// The words that do the same in a shell.
    fn command(&self) -> String {
        match self {
            Self::Here { command, .. } => (*command).to_owned(),
            Self::Example(dir) => format!("(cd {} && cargo run)", dir.display()),
            Self::Cargo { args, env } => {
                let mut words: Vec<String> = env
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{value}\""))
                    .collect();
                words.push("cargo".to_owned());
                words.extend(args.iter().cloned());
                words.join(" ")
            }
        }
    }
}

fn succeed(mut command: std::process::Command) -> Result<()> {
    let status = command.status().context("cargo cannot be started")?;
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}

impl Step {
    pub(super) fn new(title: &str, action: Action) -> Self {
        Self {
            title: title.to_owned(),
            actions: vec![action],
        }
    }

    pub(super) fn run(&self) -> Result<()> {
        self.actions.iter().try_for_each(Action::run)
    }

    /// The commands that repeat the step alone.
    pub(super) fn repeat(&self) -> String {
        let commands: Vec<String> = self.actions.iter().map(Action::command).collect();
        commands.join(" && ")
    }
}

/// All steps; libtorch is there.
pub(super) fn full(quick: bool) -> Result<Vec<Step>> {
    let clippy = Action::cargo("clippy --workspace --all-targets -- -D warnings");
    let mut clippy = Step::new("clippy", clippy);
    // The program that needs no libtorch, too, as `cargo xtask dist` builds it.
    let without = "clippy --package aesc-cli --all-targets --no-default-features -- -D warnings";
    clippy.actions.push(Action::cargo(without));
    let mut steps = vec![format_step(), clippy, tidy_step()];
    steps.push(Step::new("tests", Action::cargo("test --workspace")));
    if !quick {
        steps.extend(examples_step()?);
        let doc = Action::cargo("doc --no-deps --workspace").env("RUSTDOCFLAGS", "-D warnings");
        steps.push(Step::new("documentation", doc));
    }
    // The program whose help is quoted was built by the tests just now.
    let check = Action::Here {
        command: "cargo build --package aesc-cli && cargo xtask docs --check",
        run: docs::check,
    };
    steps.push(Step::new("generated docs", check));
    Ok(steps)
}

/// The steps without libtorch: every member but those that always need it.
pub(super) fn pure(quick: bool) -> Result<Vec<Step>> {
    let mut steps = vec![format_step()];
    steps.push(pure_step(
        "clippy",
        "clippy --all-targets",
        " -- -D warnings",
    )?);
    steps.push(tidy_step());
    steps.push(pure_step("tests", "test", "")?);
    if !quick {
        steps.extend(examples_step()?);
        let mut doc = pure_step("documentation", "doc --no-deps", "")?;
        doc.actions = doc
            .actions
            .into_iter()
            .map(|a| a.env("RUSTDOCFLAGS", "-D warnings"))
            .collect();
        steps.push(doc);
    }
    Ok(steps)
}

/// A Slurm of two nodes on this machine, and what it does to benches.
pub(super) fn slurm() -> Vec<Step> {
    let build = Step::new("the program", Action::cargo("build --package aesc-cli"));
    let run = Action::Here {
        command: "cargo xtask test --slurm",
        run: slurm::run,
    };
    vec![build, Step::new("benches on Slurm", run)]
}

/// One command for the pure members, one for each that must leave out its default features.
fn pure_step(title: &str, verb: &str, tail: &str) -> Result<Step> {
    let members = members::all()?;
    let pure = members
        .iter()
        .filter(|member| member.purity == Purity::Pure);
    let packages: Vec<&str> = pure
        .flat_map(|member| ["--package", &member.name])
        .collect();
    let mut commands = vec![format!("{verb} {}{tail}", packages.join(" "))];
    let reduced = members
        .iter()
        .filter(|m| m.purity == Purity::WithoutDefaultFeatures);
    commands.extend(
        reduced.map(|m| format!("{verb} --package {} --no-default-features{tail}", m.name)),
    );
    let nowhere = workspace::root()
        .join(NO_LIBTORCH)
        .to_string_lossy()
        .into_owned();
    let actions = commands
        .iter()
        .map(|words| Action::cargo(words).env("LIBTORCH", &nowhere))
        .collect();
    Ok(Step {
        title: title.to_owned(),
        actions,
    })
}

fn format_step() -> Step {
    Step::new("format", Action::cargo("fmt --all -- --check"))
}

fn tidy_step() -> Step {
    Step::new(
        "tidy",
        Action::Here {
            command: "cargo xtask tidy",
            run: tidy::run,
        },
    )
}

/// Consumers outside the workspace: each folder of `examples` is built and run alone.
fn examples_step() -> Result<Option<Step>> {
    let folder = workspace::root().join("examples");
    if !folder.exists() {
        return Ok(None);
    }
    let mut dirs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let dir = entry?.path();
        if dir.join("Cargo.toml").exists() {
            dirs.push(dir);
        }
    }
    dirs.sort();
    let actions = dirs.into_iter().map(Action::Example).collect();
    Ok(Some(Step {
        title: "consumers of single crates".to_owned(),
        actions,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_steps_name_no_crate_that_needs_libtorch_and_hide_it() {
        let commands: Vec<String> = pure(false).unwrap().iter().map(Step::repeat).collect();
        let tests = commands
            .iter()
            .find(|command| command.contains("cargo test"))
            .unwrap();
        assert!(
            tests.contains("--package aesc-eval") && !tests.contains("aesc-model"),
            "{tests}"
        );
        assert!(
            tests.contains("--package aesc-cli --no-default-features"),
            "{tests}"
        );
        assert!(tests.contains("no-libtorch\" cargo test"), "{tests}");
    }

    #[test]
    fn a_step_tells_how_to_repeat_it() {
        let step = Step::new(
            "a",
            Action::cargo("doc --no-deps").env("RUSTDOCFLAGS", "-D warnings"),
        );
        assert_eq!(
            step.repeat(),
            "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps"
        );
    }

    #[test]
    fn a_step_stops_at_its_first_failing_action() {
        let here = |run| Action::Here { command: "", run };
        let fails: fn() -> Result<()> = || bail!("first");
        let never: fn() -> Result<()> = || bail!("second");
        let step = Step {
            title: "a".to_owned(),
            actions: vec![here(fails), here(never)],
        };
        assert_eq!(step.run().unwrap_err().to_string(), "first");
        assert!(succeed(std::process::Command::new("true")).is_ok());
        assert!(succeed(std::process::Command::new("false")).is_err());
    }
}
