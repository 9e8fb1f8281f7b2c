//! `aesc score-maps`: the metrics of anybody's anomaly maps.
//!
//! Reading is `aesc-data`'s, resizing `aesc-detect`'s, the metrics are `aesc-eval`'s; here they
//! are put together. A map is read, counted and dropped before the next.

mod cases;
mod measure;
mod names;
mod pairing;
mod report;
mod table;

use std::path::PathBuf;

use aesc_detect::{ImageScore, image_score};
use aesc_image::Map;
use clap::{ArgGroup, Args, ValueEnum};

use self::cases::{Case, Cases};
use self::measure::Tally;
use self::report::{Report, SetUp};
use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What `score-maps` takes.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("truth").required(true).args(["masks", "data"]),
    after_help = "Examples:\n  aesc score-maps --maps maps.npy --masks masks.npy\n  \
    aesc score-maps --maps patchcore/maps --data mvtec/bottle --json\n  \
    aesc score-maps --maps results/maps --data mvtec/bottle --scores results/results.csv\n\n\
    How files find each other, and each metric with its traps: docs/metrics.md"
)]
pub(crate) struct ScoreMapsArgs {
    /// Anomaly maps: a .npy file [n, h, w], or a folder with a file (.npy, .tiff, .png) each
    #[arg(long, value_name = "PATH")]
    maps: PathBuf,
    /// Ground-truth masks: a .npy file [n, h, w], or a folder with a file (.npy, .png) each
    #[arg(long, value_name = "PATH")]
    masks: Option<PathBuf>,
    /// A data set in the MVTec layout, for its test images, their types and masks
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The score of an image, taken of its map as given, before any resizing
    #[arg(long, value_enum, default_value_t = ScoreOfMap::Max, value_name = "KIND")]
    image_score: ScoreOfMap,
    /// Scores of the images from a table with the columns path and score
    #[arg(long, value_name = "CSV", conflicts_with = "image_score")]
    scores: Option<PathBuf>,
    /// Side at which pixel metrics are taken, the paper's protocol [default: each mask's own size]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(8..=8192))]
    eval_size: Option<u16>,
}

/// How a map becomes the score of its image.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScoreOfMap {
    /// The largest value
    Max,
    /// The square root of the sum of squares
    L2,
    /// The mean
    Mean,
}

impl ScoreOfMap {
    fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::L2 => "l2",
            Self::Mean => "mean",
        }
    }

    fn of(self, map: &Map) -> f64 {
        let score = match self {
            Self::Max => ImageScore::Max {},
            Self::L2 => ImageScore::L2 {},
            // The mean of the largest values, all of them.
            Self::Mean => ImageScore::TopK { share: 1.0 },
        };
        image_score(map, &score)
    }
}

pub(crate) fn run(args: &ScoreMapsArgs, context: &Context) -> Result<(), Failure> {
    let mut cases = Cases::open(&args.maps, args.masks.as_deref(), args.data.as_deref())?;
    let given = match &args.scores {
        Some(path) => Some(table::scores(path, cases.names.as_deref())?),
        None => None,
    };
    let mut tally = Tally::new(args.eval_size.map(usize::from));
    let phase = context.output.phase("maps", cases.n_images() as u64);
    for index in 0..cases.n_images() {
        context.signals.check()?;
        let case = cases.read(index)?;
        let score = match given.as_ref().and_then(|scores| scores.get(index)) {
            Some(score) => *score,
            None => score_of(&case, args.image_score, &cases.name(index))?,
        };
        tally.add(case, score)?;
        phase.at(index as u64 + 1);
    }
    phase.note("metrics: sorting the pixels");
    let measured = tally.measured(cases.defect_types())?;
    drop(phase);
    let set_up = SetUp {
        image_score: args
            .scores
            .as_ref()
            .map_or(args.image_score.name(), |_| "csv"),
        eval_size: args
            .eval_size
            .map_or("full".to_owned(), |side| format!("{side}x{side}")),
        matched: cases.matched,
    };
    let report = Report { measured, set_up };
    context.output.result(&report, || report.text())
}

fn score_of(case: &Case, kind: ScoreOfMap, name: &str) -> Result<f32, Failure> {
    let score = kind.of(&case.map) as f32;
    if score.is_finite() {
        return Ok(score);
    }
    let message = format!(
        "{name}: its {} is too large for a 32-bit float",
        kind.name()
    );
    Err(Failure::text(ExitCode::Data, message))
}
