//! Training: clean images in, the weights of a network out; resumable to the bit on a CPU.

mod augment;
mod average;
mod checkpoint;
mod history;
mod loss;
mod muon;
mod optimiser;
mod pairs;
mod probe;
mod product;
mod schedule;
mod ssim;
mod validate;

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aesc_artifact::{Keep, NamedTensor, NetworkPlan, RunConfig, TrainConfig};
use aesc_detect::Roi;
use aesc_image::Image;
use tch::{Kind, Tensor};

use crate::network::Network;
use crate::tensor::padded;
use crate::{Device, ModelError};
use average::Average;
pub use checkpoint::{CHECKPOINT_FILE, exists as checkpoint_exists};
use checkpoint::{Checkpoint, State};
pub use history::{EpochRow, HISTORY_FILE};
use loss::PixelLoss;
use optimiser::Optimiser;
use pairs::{Batch, Pairs};
pub use probe::probe_step_secs;
pub use product::{told_from, turn_moves, turns_of};
use validate::Validation;

/// What to train, on what, and where to keep its checkpoint.
#[derive(Debug)]
pub struct TrainJob<'a> {
    /// The resolved configuration.
    pub config: &'a RunConfig,
    /// Clean images to train on, all of the configured size.
    pub images: &'a [Image],
    /// Clean images held out.
    pub validation: &'a [Image],
    /// The pixels that count in the loss and in validation; all of them where absent.
    pub roi: Option<&'a Roi>,
    /// Fingerprint of the data set: a checkpoint of other data is refused.
    pub dataset_digest: &'a str,
    /// Existing folder for the checkpoint and the log.
    pub folder: &'a Path,
    /// Where to compute.
    pub device: Device,
    /// Epochs between looks at held-out images ([`TrainEvent::Look`]); none where absent.
    pub look_epochs: Option<u64>,
    /// Set to true to end after the step in hand, with a checkpoint.
    pub stop: &'a AtomicBool,
}

/// What a run tells while it goes on.
#[derive(Debug, Clone)]
pub enum TrainEvent {
    /// A checkpoint was found; training goes on behind this step.
    Resumed(u64),
    /// This many steps are done.
    Step(u64),
    /// An epoch ended and its checkpoint is on the disk.
    Epoch(EpochRow),
    /// What the network makes of a few held-out images by now.
    Look(Look),
}

/// A few held-out images as the network sees them.
#[derive(Debug, Clone)]
pub struct Look {
    /// Steps done.
    pub step: u64,
    /// Corrupted, reconstructed, clean: each 0..=1, of one size.
    pub rows: Vec<[Image; 3]>,
}

/// How a run ended.
#[derive(Debug)]
pub enum TrainOutcome {
    /// All steps are done.
    Finished(Trained),
    /// It was asked to stop; the checkpoint stands at this step.
    Stopped(u64),
}

/// The kept weights and how they were reached.
#[derive(Debug)]
pub struct Trained {
    /// Every tensor of the network.
    pub tensors: Vec<NamedTensor>,
    /// The step they are of.
    pub kept_step: u64,
    /// Their validation PSNR in dB, corrupted input against clean target.
    pub validation_psnr_db: f64,
    /// A row for each epoch.
    pub history: Vec<EpochRow>,
}

/// Trains from the checkpoint in `job.folder`, or from the start where there is none.
///
/// # Errors
/// [`ModelError::Diverged`] when the loss is no number at an epoch's end (the checkpoint before it
/// is kept); [`ModelError`] for a foreign checkpoint, a full disk, or what libtorch refuses.
pub fn train(
    job: &TrainJob<'_>,
    mut notify: impl FnMut(TrainEvent),
) -> Result<TrainOutcome, ModelError> {
    let plan = job.config.validate()?;
    let (images, validation) = (grown(job.images, &plan)?, grown(job.validation, &plan)?);
    let job = &TrainJob {
        images: &images,
        validation: &validation,
        ..*job
    };
    let mut run = Run::open(job, &plan)?;
    if run.state.step > 0 {
        notify(TrainEvent::Resumed(run.state.step));
    }
    let recipe = &job.config.train;
    let steps = run.state.step..recipe.steps;
    run.pairs()?.prefetched(steps, |step, batch| {
        let loss = run
            .learn(&batch)
            .map_err(|e| probe::explained(e, (job.config, job.device)))?;
        run.state.add_loss(&loss)?;
        run.state.step = step + 1;
        notify(TrainEvent::Step(run.state.step));
        if run.state.step % recipe.epoch_steps == 0 || run.state.step == recipe.steps {
            let row = run.end_epoch()?;
            let epoch = row.epoch;
            notify(TrainEvent::Epoch(row));
            if let Some(look) = run.look(epoch)? {
                notify(TrainEvent::Look(look));
            }
        } else if job.stop.load(Ordering::Relaxed) {
            run.check_loss()?;
            run.state.epoch_secs += run.epoch_start.elapsed().as_secs_f64();
            run.save()?;
        }
        Ok(!job.stop.load(Ordering::Relaxed))
    })?;
    run.outcome()
}

/// The images at sides the network takes: padded by reflection where theirs do not divide.
fn grown<'a>(images: &'a [Image], plan: &NetworkPlan) -> Result<Cow<'a, [Image]>, ModelError> {
    let fits = |image: &Image| {
        plan.padded(image.height(), image.width()) == (image.height(), image.width())
    };
    if images.iter().all(fits) {
        return Ok(Cow::Borrowed(images));
    }
    let grown = images.iter().map(|image| padded(image, plan));
    Ok(Cow::Owned(grown.collect::<Result<_, _>>()?))
}

/// Whether the folder's checkpoint, if there is one, belongs to this job.
///
/// # Errors
/// [`ModelError::Checkpoint`] when it is of another configuration or other images; as
/// [`aesc_artifact::TensorFile::read_metadata`] when it cannot be read.
pub fn check_checkpoint(job: &TrainJob<'_>) -> Result<(), ModelError> {
    checkpoint::check(job)
}

/// A run in hand: the network and all that changes with it.
struct Run<'a> {
    job: &'a TrainJob<'a>,
    network: Network,
    optimiser: Optimiser,
    /// The mean of the weights, where it is what is judged and kept.
    average: Option<Average>,
    loss: PixelLoss,
    validation: Validation,
    state: State,
    best: Option<Vec<NamedTensor>>,
    epoch_start: Instant,
}

impl<'a> Run<'a> {
    fn open(job: &'a TrainJob<'a>, plan: &NetworkPlan) -> Result<Self, ModelError> {
        let config = job.config;
        job.device.check(config.train.precision)?;
        let (network, optimiser, state, best, mean) = if let Some(found) = Checkpoint::read(job)? {
            let network = Network::from_tensors(plan, &found.network, job.device)?;
            let optimiser = Optimiser::from_moments(&config.train, &network, &found.moments)?;
            (network, optimiser, found.state, found.best, found.average)
        } else {
            let network = Network::init(plan, config.seed, job.device)?;
            let optimiser = Optimiser::new(&config.train, &network)?;
            (network, optimiser, State::default(), None, None)
        };
        let network = network.in_precision(config.train.precision);
        let average = match (config.train.ema, mean) {
            (None, _) => None,
            (Some(decay), Some(mean)) => Some(Average::at(decay, &network, &mean)?),
            (Some(decay), None) => Some(Average::at(decay, &network, &network.to_tensors()?)?),
        };
        let validation = Validation::new(job)?;
        let epoch_start = Instant::now();
        Ok(Self {
            job,
            network,
            optimiser,
            average,
            loss: PixelLoss::new(job, plan)?,
            validation,
            state,
            best,
            epoch_start,
        })
    }

    fn recipe(&self) -> &'a TrainConfig {
        &self.job.config.train
    }

    fn pairs(&self) -> Result<Pairs<'a>, ModelError> {
        Pairs::new(self.job)
    }

    /// One optimiser step; the batch's loss stays on the device.
    fn learn(&mut self, batch: &Batch) -> Result<Tensor, ModelError> {
        let shown = batch.to_device(self.job.device)?;
        let rate = self.state.schedule.rate(self.state.step, self.recipe());
        let momentum = self.recipe().batch_norm_momentum;
        let loss = self.network.mean_loss(|network, look| {
            let segments = look == aesc_artifact::Look::Segment;
            let sought = shown.sought.as_ref().filter(|_| segments);
            let input = sought.unwrap_or(&shown.input);
            let output = network.forward_train(input, look, momentum)?;
            if segments {
                return self.loss.of_segmentation(&output, (&shown.target, input));
            }
            self.loss
                .of(&output, &shown.target, shown.corrupted.as_ref())
        })?;
        let gradients = self.optimiser.gradients(&loss)?;
        let t = self.state.step + 1;
        self.optimiser.step(&gradients, t, rate)?;
        if let Some(average) = &mut self.average {
            average.follow(&self.network, t)?;
        }
        Ok(loss.f_detach()?)
    }

    /// The weights that are judged, looked at and kept.
    fn judged(&self) -> &Network {
        let average = self.average.as_ref();
        average.map_or(&self.network, Average::network)
    }

    /// Validates, logs, keeps the best weights and writes the checkpoint.
    fn end_epoch(&mut self) -> Result<EpochRow, ModelError> {
        let epoch = self.state.step.div_ceil(self.recipe().epoch_steps);
        let loss = self.state.take_mean_loss()?;
        let psnr = self.validation.psnr_db(self.judged(), &self.loss)?;
        if !loss.is_finite() || !psnr.is_finite() {
            return Err(ModelError::Diverged { epoch, loss });
        }
        let learning_rate = self.state.schedule.rate(self.state.step - 1, self.recipe());
        let secs =
            std::mem::take(&mut self.state.epoch_secs) + self.epoch_start.elapsed().as_secs_f64();
        let row = EpochRow {
            epoch,
            step: self.state.step,
            loss,
            validation_psnr_db: psnr,
            learning_rate,
            secs,
        };
        if self.state.best_psnr_db.is_none_or(|best| psnr > best) {
            self.state.best_psnr_db = Some(psnr);
            self.state.best_step = self.state.step;
            if self.recipe().keep == Keep::BestPsnr {
                self.best = Some(self.judged().to_tensors()?);
            }
        }
        self.state.schedule.note(psnr, &self.recipe().schedule);
        self.state.history.push(row.clone());
        self.save()?;
        self.epoch_start = Instant::now();
        Ok(row)
    }

    /// A look at held-out images, where one is due at the end of this epoch.
    fn look(&self, epoch: u64) -> Result<Option<Look>, ModelError> {
        let ended = self.state.step == self.recipe().steps;
        match self.job.look_epochs {
            Some(epochs) if ended || epoch.is_multiple_of(epochs.max(1)) => Ok(Some(Look {
                step: self.state.step,
                rows: self.validation.look(self.judged())?,
            })),
            _ => Ok(None),
        }
    }

    /// Refuses to let weights that diverged within the epoch replace the last good checkpoint.
    fn check_loss(&self) -> Result<(), ModelError> {
        let loss = match &self.state.loss_sum {
            Some(sum) => sum.f_double_value(&[])?,
            None => 0.0,
        };
        if loss.is_finite() {
            return Ok(());
        }
        let epoch = self.state.step / self.recipe().epoch_steps + 1;
        Err(ModelError::Diverged { epoch, loss })
    }

    fn save(&self) -> Result<(), ModelError> {
        let moments = self.optimiser.moments()?;
        let network = self.network.to_tensors()?;
        let average = self.average.as_ref().map(Average::network);
        let state = self.state.clone();
        Checkpoint {
            state,
            network,
            moments,
            average: average.map(Network::to_tensors).transpose()?,
            best: self.best.clone(),
        }
        .write(self.job)?;
        history::write(self.job.folder, &self.state.history)
    }

    fn outcome(self) -> Result<TrainOutcome, ModelError> {
        let step = self.state.step;
        if step < self.recipe().steps {
            return Ok(TrainOutcome::Stopped(step));
        }
        let last_weights = self.judged().to_tensors()?;
        let State {
            best_psnr_db,
            best_step,
            history,
            ..
        } = self.state;
        let last = history
            .last()
            .map_or(f64::NAN, |row| row.validation_psnr_db);
        let (tensors, kept_step, psnr) = match self.best {
            Some(best) => (best, best_step, best_psnr_db.unwrap_or(last)),
            None => (last_weights, step, last),
        };
        Ok(TrainOutcome::Finished(Trained {
            tensors,
            kept_step,
            validation_psnr_db: psnr,
            history,
        }))
    }
}

impl State {
    fn add_loss(&mut self, loss: &Tensor) -> Result<(), ModelError> {
        let loss = loss.f_to_kind(Kind::Double)?;
        self.loss_sum = Some(match &self.loss_sum {
            Some(sum) => sum.f_add(&loss)?,
            None => loss,
        });
        self.loss_steps += 1;
        Ok(())
    }

    fn take_mean_loss(&mut self) -> Result<f64, ModelError> {
        let sum = self
            .loss_sum
            .take()
            .map_or(Ok(f64::NAN), |sum| sum.f_double_value(&[]))?;
        Ok(sum / std::mem::take(&mut self.loss_steps) as f64)
    }
}
