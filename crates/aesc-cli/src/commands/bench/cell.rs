//! A cell: one training, its scoring, its pictures, one `result.json`.

use std::path::Path;
use std::time::Instant;

use aesc_artifact::RunConfig;
use aesc_bench::{
    CellResult, CellSpec, Cost, EpochRow, FORMAT, Figure, Panel, Plan, Timing, Training, cell_dir,
};
use aesc_data::{Limits, fingerprint, open_dataset};
use aesc_detect::{Judge, ScoreConfig, Strategy, calibrate_each, heat_map, mask_image};
use serde_json::Value;

use crate::app::Context;
use crate::backend::{self, Runtime};
use crate::evaluation::{Evaluation, Shown, ShownMap, Subject, evaluate};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::pictures::{png, small};
use crate::provenance;
use crate::run_folder::{Existing, RunFolder};
use crate::training::{TrainedRun, drop_checkpoint, load_clean, train_into};

/// Longest side of a stored picture.
const PICTURE_PX: usize = 192;

/// Trains and scores one cell and writes its result; the caller holds its folder.
pub(super) fn run(
    plan: &Plan,
    cell: &CellSpec,
    out: &Path,
    context: &Context,
) -> Result<(), Failure> {
    let start = Instant::now();
    let folder = cell_dir(out, &cell.id);
    let result = work((cell, &plan.strategies), &folder, context, start)?;
    result.write(out)?;
    drop_checkpoint(&folder.join("run"))
}

fn work(
    (cell, strategies): (&CellSpec, &[String]),
    folder: &Path,
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
    let trained = train_into(&run, &config, &digest, &images, context)?;
    let (plain, _) = backend::backend(&trained.model, Runtime::Libtorch, context)?;
    let backend = backend::tiled(plain, &config.data);
    let scores = scores(strategies, &config)?;
    let phase = context
        .output
        .phase("calibrate", images.validation.len() as u64);
    let clean = (&images.validation[..], config.train.batch);
    let fitted = calibrate_each(&backend, &scores, clean, None, |n| phase.at(n as u64))?;
    drop(phase);
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
    trained: &TrainedRun,
    (found, figures): (Evaluation, Vec<Figure>),
    start: Instant,
) -> Result<CellResult, Failure> {
    // What was `auto` in the configuration is told in the model.
    let plan = trained.model.manifest.plan()?;
    let (height, width) = (config.data.height, config.data.width);
    let history = trained.history.iter().map(|row| EpochRow {
        epoch: row.epoch,
        step: row.step,
        loss: row.loss,
        validation_psnr_db: Some(row.validation_psnr_db),
        learning_rate: row.learning_rate,
    });
    let provenance = serde_json::to_value(&trained.model.manifest.provenance);
    let mut provenance = provenance.map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    let commit = provenance::COMMIT;
    provenance["commit"] = Value::from(commit.trim_end_matches("-dirty"));
    provenance["dirty"] = Value::from(commit.ends_with("-dirty"));
    Ok(CellResult {
        format: FORMAT,
        cell: cell.clone(),
        scored: found.scored,
        training: Training {
            steps: config.train.steps,
            images: config.train.steps * config.train.batch as u64,
            secs: trained.training_secs,
            history: history.collect(),
        },
        timing: Timing {
            training_secs: trained.training_secs,
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
