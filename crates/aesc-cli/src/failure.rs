//! A failed command: what to tell the user, and the exit code.

use aesc_artifact::ArtifactError;
use aesc_bench::BenchError;
use aesc_data::DataError;
use aesc_detect::DetectError;
use aesc_eval::EvalError;
use aesc_noise::NoiseError;
use aesc_onnx::OnnxError;

use crate::exit_code::ExitCode;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The process's exit code.
    pub(crate) code: ExitCode,
    /// What is printed, once.
    pub(crate) message: Message,
}

/// How a failure is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// An error and its causes on a line.
    Chain(anyhow::Error),
    /// An error that points into a text.
    Diagnostic(miette::Report),
    /// All has been said already.
    Nothing,
}

impl Failure {
    pub(crate) fn new(code: ExitCode, error: impl Into<anyhow::Error>) -> Self {
        Self {
            code,
            message: Message::Chain(error.into()),
        }
    }

    pub(crate) fn text(code: ExitCode, message: impl std::fmt::Display) -> Self {
        Self::new(code, anyhow::anyhow!("{message}"))
    }

    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::text(ExitCode::Usage, message)
    }

    pub(crate) fn silent(code: ExitCode) -> Self {
        Self {
            code,
            message: Message::Nothing,
        }
    }

    pub(crate) fn io(action: &str, path: &std::path::Path, error: std::io::Error) -> Self {
        let context = format!("failed to {action} {}", path.display());
        Self::new(
            ExitCode::Unexpected,
            anyhow::Error::new(error).context(context),
        )
    }

    /// The same, and what helps.
    pub(crate) fn with(self, remedy: &str) -> Self {
        match self.message {
            Message::Chain(error) => Self::text(self.code, format!("{}: {remedy}", chain(&error))),
            _ => self,
        }
    }

    /// The same, of this place.
    pub(crate) fn at(self, path: &std::path::Path) -> Self {
        let place = path.display();
        match self.message {
            Message::Chain(error) => Self::text(self.code, format!("{place}: {}", chain(&error))),
            _ => self,
        }
    }

    /// Prints it to stderr.
    pub(crate) fn print(&self) {
        let line = match &self.message {
            Message::Chain(_) => format!("error: {}", self.told()),
            Message::Diagnostic(_) => self.told(),
            Message::Nothing => return,
        };
        // Nobody is left to tell when stderr is closed.
        drop(crate::output::say(&mut anstream::stderr(), line));
    }

    /// What is printed.
    pub(crate) fn told(&self) -> String {
        match &self.message {
            Message::Chain(error) => chain(error),
            Message::Diagnostic(report) => format!("{report:?}"),
            Message::Nothing => String::new(),
        }
    }
}

/// The error and its causes on a line; a cause already told is not told again.
fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let code = match error {
            DataError::Setting { .. } => ExitCode::Usage,
            _ => ExitCode::Data,
        };
        Self::new(code, error)
    }
}

impl From<NoiseError> for Failure {
    fn from(error: NoiseError) -> Self {
        Self::new(ExitCode::Usage, error)
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        Self::new(ExitCode::Data, error)
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let code = match error {
            ArtifactError::Config { .. } | ArtifactError::Part(_) => ExitCode::Usage,
            ArtifactError::Write { .. } => ExitCode::Unexpected,
            _ => ExitCode::Model,
        };
        Self::new(code, error)
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        let code = match error {
            BenchError::Io { .. } | BenchError::Spawn { .. } | BenchError::Scheduler { .. } => {
                ExitCode::Unexpected
            }
            BenchError::Leased { .. } => ExitCode::Stopped,
            BenchError::Unfaithful { .. } => ExitCode::Numerical,
            _ => ExitCode::Usage,
        };
        Self::new(code, error)
    }
}

impl From<DetectError> for Failure {
    fn from(error: DetectError) -> Self {
        let code = match error {
            DetectError::Backend(_) => ExitCode::Device,
            DetectError::NoCleanImages => ExitCode::Data,
            DetectError::NonFinite { .. } => ExitCode::Numerical,
            DetectError::OutOfRange { .. } | DetectError::EmptyRoi { .. } => ExitCode::Usage,
            DetectError::NoScales | DetectError::NoEvidence => ExitCode::Model,
            _ => ExitCode::Unexpected,
        };
        Self::new(code, error)
    }
}

impl From<OnnxError> for Failure {
    fn from(error: OnnxError) -> Self {
        let code = match error {
            OnnxError::Artifact(inner) => return inner.into(),
            OnnxError::Images { .. } => ExitCode::Data,
            OnnxError::TooLarge { .. } | OnnxError::Vectors { .. } => ExitCode::Model,
            _ => ExitCode::Device,
        };
        Self::new(code, error)
    }
}

#[cfg(feature = "libtorch")]
impl From<aesc_model::ModelError> for Failure {
    fn from(error: aesc_model::ModelError) -> Self {
        use aesc_model::ModelError;
        match error {
            ModelError::Artifact(inner) => inner.into(),
            ModelError::Noise(inner) => inner.into(),
            ModelError::Device { .. } | ModelError::OutOfMemory { .. } | ModelError::Torch(_) => {
                Self::new(ExitCode::Device, error)
            }
            ModelError::Diverged { .. } => Self::new(ExitCode::Numerical, error),
            ModelError::Images { .. } => Self::new(ExitCode::Data, error),
            _ => Self::new(ExitCode::Usage, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow!("no space")
            .context("write x: no space")
            .context("failed to train");
        assert_eq!(chain(&error), "failed to train: write x: no space");
    }
}
