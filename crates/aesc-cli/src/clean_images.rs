//! The clean images a model may be judged by, never those it was trained on; and their scores.

use std::path::{Path, PathBuf};

use aesc_artifact::{Manifest, Provenance};
use aesc_data::{Dataset, Limits, clean_fingerprint, fingerprint, load_all, split_validation};
use aesc_detect::{
    CleanScores, DetectError, Detector, MapTerms, Reconstruct, ScoreConfig, measure_clean,
};
use aesc_image::Image;

use crate::app::Context;
use crate::failure::Failure;

/// Images in memory at once.
const BATCH: usize = 16;

/// Clean images the model was not trained on.
pub(crate) struct HeldOut {
    pub(crate) paths: Vec<PathBuf>,
    /// Whether they are the validation images of the model's own training.
    pub(crate) own_split: bool,
}

/// The model's validation images where `dataset` is what it was trained on, all clean images of
/// `dataset` otherwise.
pub(crate) fn held_out(manifest: &Manifest, dataset: &Dataset) -> Result<HeldOut, Failure> {
    let paths = dataset.train_paths();
    if !is_own(&manifest.provenance, dataset)? {
        return Ok(HeldOut {
            paths,
            own_split: false,
        });
    }
    let share = manifest.train.config.validation_share;
    let split = split_validation(paths.len(), share, manifest.provenance.seed)?;
    Ok(HeldOut {
        paths: split.validation.iter().map(|&i| paths[i].clone()).collect(),
        own_split: true,
    })
}

/// Whether these are the images that the model was trained on. What only tests it may have changed,
/// but for files that do not tell their clean images apart.
fn is_own(trained: &Provenance, dataset: &Dataset) -> Result<bool, Failure> {
    let limits = Limits::default();
    Ok(if trained.clean_digest.is_empty() {
        fingerprint(dataset, &limits)? == trained.dataset_digest
    } else {
        clean_fingerprint(dataset, &limits)? == trained.clean_digest
    })
}

/// What clean images say by a detector, a batch in memory at a time.
pub(crate) fn measure<R: Reconstruct>(
    detector: &Detector<R>,
    clean: (&[PathBuf], &Manifest),
    context: &Context,
) -> Result<CleanScores, Failure> {
    let score = std::slice::from_ref(detector.score_config());
    let mut found = measure_each(detector.backend(), score, clean, context)?;
    found.pop().ok_or_else(|| DetectError::NoCleanImages.into())
}

/// What clean images say by each score, in order.
pub(crate) fn measure_each(
    backend: &impl Reconstruct,
    scores: &[ScoreConfig],
    (paths, manifest): (&[PathBuf], &Manifest),
    context: &Context,
) -> Result<Vec<CleanScores>, Failure> {
    let phase = context.output.phase("calibrate", paths.len() as u64);
    let preprocess = &manifest.preprocess;
    // Images for tiles keep their size, which is large.
    let batch = preprocess.tile_overlap_px.map_or(BATCH, |_| 1);
    let batches = || {
        paths
            .chunks(batch)
            .map(|paths| -> Result<Vec<Image>, Failure> {
                context.signals.check()?;
                Ok(load_all(paths, preprocess, &Limits::default(), |_| ())?)
            })
    };
    let terms = MapTerms {
        roi: manifest.roi.as_ref(),
        ..MapTerms::default()
    };
    let progress = |n| phase.at(n as u64);
    measure_clean(backend, scores, (terms, progress), batches)
}

/// Says that images are taken for clean ones because nothing tells that they are not.
pub(crate) fn warn_of_strangers(place: &Path) {
    tracing::warn!(
        "{}: not the images this model was trained on; all of them are taken for clean ones that \
         it has not seen",
        place.display()
    );
}
