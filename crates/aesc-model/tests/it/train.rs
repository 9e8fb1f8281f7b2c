//! Runs of a small network on a handful of images.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use aesc_artifact::{
    Keep, NetworkConfig, Optimiser, RunConfig, Schedule, SecondLook, Segmentation, Turns,
};
use aesc_image::Image;
use aesc_model::train::{EpochRow, TrainEvent, TrainJob, TrainOutcome, Trained, train};
use aesc_model::{Device, ModelError};
use aesc_noise::CorruptionConfig;

fn images(n: usize) -> Vec<Image> {
    let shade = |k: usize, y: usize, x: usize| {
        let wave = ((x as f32 + k as f32) / 4.0).sin() * ((y as f32) / 5.0).cos();
        0.5 + 0.3 * wave
    };
    (0..n)
        .map(|k| Image::from_fn(32, 32, 1, |y, x, _| shade(k, y, x)).unwrap())
        .collect()
}

fn config(steps: u64) -> RunConfig {
    let mut config = RunConfig {
        seed: 11,
        ..RunConfig::default()
    };
    config.data.channels = aesc_data::Channels::Gray;
    (config.data.height, config.data.width) = (32, 32);
    config.network = NetworkConfig {
        depth: 3,
        width: 8,
        ..NetworkConfig::default()
    };
    config.train.steps = steps;
    config.train.epoch_steps = 10;
    config.train.batch = 4;
    config.train.batch_norm_momentum = 0.1;
    config
}

fn run(
    config: &RunConfig,
    folder: &Path,
    stop_at: Option<u64>,
) -> Result<(TrainOutcome, Vec<EpochRow>), ModelError> {
    let images = images(12);
    let stop = AtomicBool::new(false);
    let job = TrainJob {
        config,
        images: &images[..9],
        validation: &images[9..],
        roi: None,
        look_epochs: None,
        dataset_digest: "waves",
        folder,
        device: Device::Cpu,
        stop: &stop,
    };
    let mut rows = Vec::new();
    let outcome = train(&job, |event| match event {
        TrainEvent::Step(step) if Some(step) == stop_at => stop.store(true, Ordering::Relaxed),
        TrainEvent::Epoch(row) => rows.push(row),
        _ => {}
    })?;
    Ok((outcome, rows))
}

fn finished(outcome: TrainOutcome) -> Trained {
    match outcome {
        TrainOutcome::Finished(trained) => trained,
        TrainOutcome::Stopped(step) => panic!("stopped at step {step}"),
    }
}

fn without_time(rows: &[EpochRow]) -> Vec<EpochRow> {
    rows.iter()
        .map(|row| EpochRow {
            secs: 0.0,
            ..row.clone()
        })
        .collect()
}

#[test]
fn the_loss_falls_tenfold() {
    for optimiser in [Optimiser::Adam, Optimiser::Muon] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(200);
        config.corruption = CorruptionConfig::named("none").unwrap();
        config.train.optimiser = optimiser;
        let (_, rows) = run(&config, folder.path(), None).unwrap();
        let (first, last) = (rows[0].loss, rows[rows.len() - 1].loss);
        assert!(last < first / 10.0, "{optimiser:?}: {first} -> {last}");
    }
}

#[test]
fn a_stopped_and_resumed_run_ends_with_the_same_bits() {
    for keep in [Keep::Last, Keep::BestPsnr] {
        let mut config = config(40);
        config.train.keep = keep;
        if keep == Keep::Last {
            // All that is beyond the paper: its chance, too, follows from the step alone.
            config.corruption = CorruptionConfig::named("repair").unwrap();
            (config.train.loss.ssim, config.train.loss.corrupted) = (0.1, 4.0);
            let augment = &mut config.train.augment;
            (augment.light, augment.noise, augment.turns) = (0.1, 0.01, Turns::Quarter);
            augment.shift = 0.1;
            config.train.ema = Some(0.9);
            config.train.optimiser = Optimiser::Muon;
            config.network.second = SecondLook::Ae;
            config.network.segment = Segmentation::Both;
            config.train.segment = Some(CorruptionConfig::default());
        }
        let schedule = Schedule::Plateau {
            rate: 1e-3,
            factor: 0.5,
            patience_epochs: 1,
            min_gain_db: 1.0,
        };
        config.train.schedule = schedule;
        let whole = tempfile::tempdir().unwrap();
        let whole = finished(run(&config, whole.path(), None).unwrap().0);

        let folder = tempfile::tempdir().unwrap();
        // Once in the middle of an epoch, once at its end.
        for (stop_at, stands_at) in [(13, 13), (20, 20)] {
            match run(&config, folder.path(), Some(stop_at)).unwrap().0 {
                TrainOutcome::Stopped(step) => assert_eq!(step, stands_at),
                TrainOutcome::Finished(_) => panic!("was asked to stop at {stop_at}"),
            }
        }
        let pieces = finished(run(&config, folder.path(), None).unwrap().0);
        assert_eq!(pieces.tensors, whole.tensors);
        assert_eq!(pieces.kept_step, whole.kept_step);
        assert_eq!(without_time(&pieces.history), without_time(&whole.history));
        let log = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
        assert_eq!(log.lines().count(), 4, "a line an epoch, none twice");
    }
}

#[test]
fn a_moving_average_is_kept_instead_of_the_last_weights() {
    let kept = |ema| {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(10);
        (config.train.keep, config.train.ema) = (Keep::Last, ema);
        finished(run(&config, folder.path(), None).unwrap().0)
    };
    let [last, forgetful, mean] = [None, Some(1e-9), Some(0.9)].map(kept);
    let furthest = |other: &Trained| {
        let pairs = last.tensors.iter().zip(&other.tensors);
        let values = pairs.flat_map(|(a, b)| a.data.iter().zip(&b.data));
        values.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    // What forgets at once is the last weights; a mean of ten steps is not, nor is it judged alike.
    assert!(furthest(&forgetful) < 1e-6, "{}", furthest(&forgetful));
    assert!(furthest(&mean) > 1e-4, "{}", furthest(&mean));
    assert!((last.validation_psnr_db - mean.validation_psnr_db).abs() > 1e-3);
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(10);
    finished(run(&good, folder.path(), None).unwrap().0);
    let checkpoint = folder.path().join("checkpoint.safetensors");
    let before = std::fs::read(&checkpoint).unwrap();

    // A checkpoint of the same run with weights that overflow to infinity within a step.
    let mut file = aesc_artifact::TensorFile::read(&checkpoint).unwrap();
    let mut longer = good.clone();
    longer.train.steps = 20;
    file.metadata.insert(
        "aesc.config".into(),
        serde_json::to_string(&longer).unwrap(),
    );
    let weight = file
        .tensors
        .iter_mut()
        .find(|t| t.name == "network/out.conv.weight")
        .unwrap();
    weight.data.fill(f32::MAX);
    file.write(&checkpoint).unwrap();
    let poisoned = std::fs::read(&checkpoint).unwrap();
    let error = run(&longer, folder.path(), None).unwrap_err();
    assert!(
        matches!(error, ModelError::Diverged { epoch: 2, .. }),
        "{error}"
    );
    assert_eq!(std::fs::read(&checkpoint).unwrap(), poisoned);
    assert_ne!(before, poisoned);
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    run(&config(10), folder.path(), None).unwrap();
    let error = run(&config(20), folder.path(), None).unwrap_err();
    assert!(
        error.to_string().contains("another configuration"),
        "{error}"
    );
}

#[test]
fn sides_that_do_not_divide_are_padded_in_training_too() {
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<Image> = (0..6)
        .map(|_| Image::filled(30, 21, 1, 0.5).unwrap())
        .collect();
    let stop = AtomicBool::new(false);
    let config = config(10);
    let job = TrainJob {
        config: &config,
        images: &images[..4],
        validation: &images[4..],
        roi: None,
        look_epochs: None,
        dataset_digest: "grey",
        folder: folder.path(),
        device: Device::Cpu,
        stop: &stop,
    };
    assert!(matches!(
        train(&job, |_| ()).unwrap(),
        TrainOutcome::Finished(_)
    ));
}
