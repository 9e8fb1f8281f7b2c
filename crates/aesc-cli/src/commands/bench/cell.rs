//! A cell: one training, its scoring, its pictures, one `result.json`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aesc_artifact::{ModelFile, RunConfig};
use aesc_bench::{
    CellResult, CellSpec, Cost, EpochRow, FORMAT, Figure, Panel, Plan, Timing, cell_dir,
};
use aesc_data::{Limits, fingerprint, open_dataset};
use aesc_detect::{
    CleanScores, Judge, ScoreConfig, Strategy, calibrate_each, heat_map, mask_image,
};
use serde_json::Value;

use crate::app::Context;
use crate::backend::{self, Runtime};
use crate::clean_images::measure_each;
use crate::evaluation::{Evaluation, Shown, ShownMap, Subject, evaluate};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::{png, small};
use crate::provenance;
use crate::run_folder::{Existing, RunFolder};
use crate::training::{
    CleanImages, MODEL_FILE, TrainedRun, drop_checkpoint, load_clean, rescored_into, train_into,
};

/// Longest side of a stored picture.
const PICTURE_PX: usize = 192;

/// Trains and scores one cell and writes its result into `out`; the caller holds its folder. Where
/// an earlier bench trained the same, its weights are taken instead.
pub(super) fn run(
    plan: &Plan,
    cell: &CellSpec,
    (out, weights_from): (&Path, &[PathBuf]),
    context: &Context,
) -> Result<(), Failure> {
    let start = Instant::now();
    let folders = (&*cell_dir(out, &cell.id), weights_from);
    let result = work((cell, &plan.strategies), folders, context, start)?;
    result.write(out)?;
    drop_checkpoint(&folders.0.join("run"))
}

fn work(
    (cell, strategies): (&CellSpec, &[String]),
    (folder, weights_from): (&Path, &[PathBuf]),
    context: &Context,
    start: Instant,
) -> Result<CellResult, Failure> {
    let config: RunConfig = cell
        .config
        .read()
        .map_err(|e| Failure::new(ExitCode::Usage, e))?;
    let dataset = open_dataset(&cell.data)?;
    let digest = fingerprint(&dataset, &Limits::default())?;
    if digest != cell.dataset_digest {
        let place = cell.data.display();
        let message = format!("{place}: expected the files of the plan, found others; plan anew");
        return Err(Failure::text(ExitCode::Data, message));
    }
    let images = load_clean(&dataset, &config, None, context)?;
    let run = RunFolder::take(&folder.join("run"), Existing::Continue)?;
    let trained = match donor(cell, weights_from)? {
        Some(donor) => adopted(donor, (&run, &config), &images, context)?,
        None => fresh(
            train_into(&run, &config, &digest, &images, context)?,
            &config,
        ),
    };
    let (plain, _) = backend::backend(&trained.model, Runtime::Libtorch, context)?;
    let backend = backend::tiled(plain, &config.data);
    let scores = scores(strategies, &config)?;
    let fitted = if config.data.tile_overlap_px.is_some() {
        let clean = (&images.validation_paths[..], &trained.model.manifest);
        let found = measure_each(&backend, &scores, clean, context)?;
        let fitted = found.iter().map(CleanScores::max_clean);
        fitted.collect::<Result<_, _>>()?
    } else {
        let n_images = images.validation.len() as u64;
        let phase = context.output.phase("calibrate", n_images);
        let clean = (&images.validation[..], config.train.batch);
        calibrate_each(&backend, &scores, clean, None, |n| phase.at(n as u64))?
    };
    drop(images);
    let calibrated = scores
        .into_iter()
        .zip(fitted)
        .map(|(score, calibration)| Judge::new(score)?.with_calibration(calibration));
    let subject = Subject {
        backend: &*backend,
        judges: calibrated.collect::<Result<_, _>>()?,
        preprocess: &config.data,
        dataset: &dataset,
        eval_size: None,
    };
    let found = evaluate(&subject, context)?;
    let figures = figures(&found.shown, folder)?;
    result(cell, &config, &trained, (found, figures), start)
}

/// A model and how it was trained.
struct Training {
    model: ModelFile,
    told: aesc_bench::Training,
    /// The cell whose weights these are, where it is another.
    weights_of: Option<String>,
}

fn fresh(trained: TrainedRun, config: &RunConfig) -> Training {
    let history = trained.history.into_iter().map(|row| EpochRow {
        epoch: row.epoch,
        step: row.step,
        loss: row.loss,
        validation_psnr_db: Some(row.validation_psnr_db),
        learning_rate: row.learning_rate,
    });
    Training {
        model: trained.model,
        told: aesc_bench::Training {
            steps: config.train.steps,
            images: config.train.steps * config.train.batch as u64,
            secs: trained.training_secs,
            history: history.collect(),
        },
        weights_of: None,
    }
}

/// The first cell of other benches that trained the same, and its bench.
fn donor<'a>(
    cell: &CellSpec,
    benches: &'a [PathBuf],
) -> Result<Option<(&'a Path, Box<CellResult>)>, Failure> {
    for dir in benches {
        if let Some(found) = Plan::read(dir)?.trained_like(dir, cell) {
            return Ok(Some((dir, found)));
        }
    }
    Ok(None)
}

/// The weights of another bench's cell under the score of this one.
fn adopted(
    (dir, donor): (&Path, Box<CellResult>),
    (run, config): (&RunFolder, &RunConfig),
    images: &CleanImages,
    context: &Context,
) -> Result<Training, Failure> {
    let path = cell_dir(dir, &donor.cell.id).join("run").join(MODEL_FILE);
    tracing::info!("weights of {}", path.display());
    let model = ModelFile::read(&path)?;
    Ok(Training {
        model: rescored_into(run, config, model, images, context)?,
        told: donor.training,
        weights_of: Some(donor.cell.id),
    })
}

/// The cell's score by each of the plan's strategies.
fn scores(strategies: &[String], config: &RunConfig) -> Result<Vec<ScoreConfig>, Failure> {
    let by = |name: &String| {
        let mut known = Strategy::ALL.into_iter();
        let strategy = known.find(|strategy| strategy.name() == name);
        let unknown = || Failure::usage(format!("the plan has an unknown strategy, {name}"));
        Ok(config.score.by(strategy.ok_or_else(unknown)?))
    };
    strategies.iter().map(by).collect()
}

fn result(
    cell: &CellSpec,
    config: &RunConfig,
    trained: &Training,
    (found, figures): (Evaluation, Vec<Figure>),
    start: Instant,
) -> Result<CellResult, Failure> {
    // What was `auto` in the configuration is told in the model.
    let plan = trained.model.manifest.plan()?;
    let (height, width) = (config.data.height, config.data.width);
    let provenance = serde_json::to_value(&trained.model.manifest.provenance);
    let mut provenance = provenance.map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    if let Some(id) = &trained.weights_of {
        provenance["weights_of"] = Value::from(id.as_str());
        provenance["weights_commit"] = provenance["commit"].take();
    }
    let commit = provenance::COMMIT;
    provenance["commit"] = Value::from(commit.trim_end_matches("-dirty"));
    provenance["dirty"] = Value::from(commit.ends_with("-dirty"));
    Ok(CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: found.scored,
        training: trained.told.clone(),
        timing: Timing {
            training_secs: trained.told.secs,
            scoring_secs: found.scoring_secs,
            inference_ms_per_image: found.inference_ms_per_image,
            sampling_ms_per_image: found.sampling_ms_per_image,
            total_secs: start.elapsed().as_secs_f64(),
        },
        cost: Cost {
            parameters: plan.parameters(),
            gmac: plan.gmac(height, width),
            gmac_phase: plan.gmac_phase(height, width),
        },
        reconstruction: found.reconstruction,
        figures,
        provenance,
    })
}

/// Writes the pictures of the shown images into the cell's folder.
fn figures(shown: &[Shown], folder: &Path) -> Result<Vec<Figure>, Failure> {
    shown.iter().map(|one| figure(one, folder)).collect()
}

fn figure(one: &Shown, folder: &Path) -> Result<Figure, Failure> {
    let mut pictures = vec![
        ("query".to_owned(), one.query.clone()),
        ("reconstruction".to_owned(), one.reconstruction.clone()),
    ];
    for ShownMap {
        strategy,
        map,
        scale,
    } in &one.maps
    {
        pictures.push((format!("{strategy} map"), heat_map(map, scale)?));
    }
    if let Some(mask) = &one.mask {
        pictures.push(("mask".to_owned(), mask_image(mask)?));
    }
    let mut panels = Vec::new();
    for (label, picture) in &pictures {
        let file = format!("{}-{}.png", one.defect_type, label.replace(' ', "-"));
        crate::run_folder::write_in(&folder.join(&file), &png(&small(picture, PICTURE_PX)?)?)?;
        panels.push(Panel {
            label: label.clone(),
            file,
        });
    }
    Ok(Figure {
        name: "grid".to_owned(),
        defect_type: one.defect_type.clone(),
        image: one.image.clone(),
        score: Some(one.score),
        panels,
    })
}
