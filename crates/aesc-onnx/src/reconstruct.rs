//! Reconstruction by tract: a model file becomes a [`Reconstruct`] backend without libtorch.

use std::cell::RefCell;
use std::rc::Rc;

use aesc_artifact::{Look, ModelFile, NetworkPlan, dropout_mask};
use aesc_detect::{BackendError, McDropout, Observation, Reconstruct, Sampled};
use aesc_image::{Image, Map};
use rayon::prelude::*;
use tract_onnx::prelude::Tensor;

use crate::OnnxError;
use crate::export::model_of;
use crate::graph::Network;
use crate::moments::Moments;
use crate::session::Session;
use crate::tensor::{nchw_from_hwc, values};

/// A trained network on the processor. Images of a batch, and dropout passes of an image, run in
/// parallel on rayon's threads, one thread each; their number changes no result.
#[derive(Debug)]
pub struct Reconstructor {
    network: Network,
    /// The graphs of the last calls: the next one mostly wants the same.
    whole: Prepared,
    all: Prepared,
    thinned: Prepared,
}

/// The look that all networks have.
const FIRST: &[Look] = &[Look::First];

/// What a graph was prepared for (sides, rates), and the graph.
type Prepared = RefCell<Option<((usize, usize), Vec<f64>, Rc<Session>)>>;

impl Reconstructor {
    /// Prepares a model for images of its preprocessing's size; others are prepared when they come.
    ///
    /// # Errors
    /// [`OnnxError`] when the model contradicts itself or tract refuses its graph.
    pub fn new(model: &ModelFile) -> Result<Self, OnnxError> {
        let made = Self {
            network: Network::new(model)?,
            whole: RefCell::default(),
            all: RefCell::default(),
            thinned: RefCell::default(),
        };
        let preprocess = &model.manifest.preprocess;
        let sides = (preprocess.height, preprocess.width);
        made.all(sides)?;
        Ok(made)
    }

    /// The clean versions of equal-sized images, values 0..=1, sides of any size.
    ///
    /// # Errors
    /// [`OnnxError::Images`] when channels or sizes are off.
    pub fn clean(&self, images: &[Image]) -> Result<Vec<Image>, OnnxError> {
        let Some(first) = images.first() else {
            return Ok(Vec::new());
        };
        self.check_channels(first)?;
        let whole = self.whole((first.height(), first.width()))?;
        Ok(whole.looks(images)?.into_iter().flatten().collect())
    }

    /// What every look makes of equal-sized images of any size, a list for each image in the order of
    /// [`NetworkConfig::looks`](aesc_artifact::NetworkConfig::looks).
    ///
    /// # Errors
    /// As [`Self::clean`].
    pub fn looks(&self, images: &[Image]) -> Result<Vec<Vec<Image>>, OnnxError> {
        let Some(first) = images.first() else {
            return Ok(Vec::new());
        };
        self.check_channels(first)?;
        self.all((first.height(), first.width()))?.looks(images)
    }

    /// The clean versions of equal-sized images and their variance over dropout.
    ///
    /// # Errors
    /// [`OnnxError::Images`] when channels or sizes are off, [`OnnxError::Artifact`] when the rates
    /// do not fit the network.
    pub fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, OnnxError> {
        let whole = self.clean(images)?;
        let sampled = images.iter().zip(whole).map(|(image, reconstruction)| {
            Ok(Sampled {
                reconstruction,
                variance: self.variance(image, mc)?,
            })
        });
        sampled.collect()
    }

    /// Population variance over the thinned networks' reconstructions, mean over channels.
    fn variance(&self, image: &Image, mc: &McDropout) -> Result<Map, OnnxError> {
        let plan = &self.network.plan;
        let rates = plan.dropout_rates(mc)?;
        let (h, w) = (image.height(), image.width());
        let session = self.session(&self.thinned, (h, w), &rates, FIRST)?;
        let session: &Session = &session;
        let mut moments = Moments::new(h * w * image.channels());
        let passes: Vec<u32> = (0..mc.samples as u32).collect();
        // A few passes in memory at a time, added in their order whatever the number of threads.
        for some in passes.chunks(rayon::current_num_threads()) {
            let run =
                |pass: &u32| session.run(image, masks(plan, (mc.seed, *pass), &rates, (h, w))?);
            let made = some.par_iter().map(run).collect::<Result<Vec<_>, _>>()?;
            for output in made {
                moments.add(values(&output)?);
            }
        }
        Map::new(h, w, moments.variance(h * w)).map_err(|e| OnnxError::images("a map", e))
    }

    fn check_channels(&self, image: &Image) -> Result<(), OnnxError> {
        let expected = self.network.plan.channels;
        if image.channels() == expected {
            return Ok(());
        }
        let expected = format!("images of {expected} channel(s)");
        Err(OnnxError::images(expected, image.channels()))
    }

    /// The graph of the first look at images of `sides`, nothing dropped.
    fn whole(&self, sides: (usize, usize)) -> Result<Rc<Session>, OnnxError> {
        self.session(&self.whole, sides, &[], FIRST)
    }

    /// The graph of all looks, which is that of the first where there is no other.
    fn all(&self, sides: (usize, usize)) -> Result<Rc<Session>, OnnxError> {
        if !self.looks_again() {
            return self.whole(sides);
        }
        self.session(&self.all, sides, &[], self.network.plan.config.looks())
    }

    /// The graph of `looks` at images of `sides` that drops by `rates`: the one held, or a new one.
    fn session(
        &self,
        held: &Prepared,
        sides: (usize, usize),
        rates: &[f64],
        looks: &[Look],
    ) -> Result<Rc<Session>, OnnxError> {
        if let Some((of_sides, of_rates, session)) = &*held.borrow()
            && *of_sides == sides
            && of_rates == rates
        {
            return Ok(Rc::clone(session));
        }
        let proto = model_of(self.network.graph(sides, rates, looks));
        let session = Rc::new(Session::new(&proto)?);
        held.replace(Some((sides, rates.to_vec(), Rc::clone(&session))));
        Ok(session)
    }
}

/// The masks of one pass in the order of the graph's inputs, for images of `sides`.
fn masks(
    plan: &NetworkPlan,
    (seed, pass): (u64, u32),
    rates: &[f64],
    sides: (usize, usize),
) -> Result<Vec<Tensor>, OnnxError> {
    let shapes = plan.shapes(sides.0, sides.1);
    let levels = (0_u32..).zip(rates).zip(shapes);
    let dropping = levels.filter(|((_, rate), _)| **rate > 0.0);
    let mask = |((level, rate), [c, h, w]): ((u32, &f64), [usize; 3])| {
        nchw_from_hwc(
            &dropout_mask(seed, (pass, level), *rate, c * h * w),
            [h, w, c],
        )
    };
    dropping.map(mask).collect()
}

impl Reconstruct for Reconstructor {
    fn reconstruct(&self, images: &[Image]) -> Result<Vec<Image>, BackendError> {
        Ok(self.clean(images)?)
    }

    fn looks_again(&self) -> bool {
        self.network.plan.config.looks().len() > 1
    }

    fn look(&self, images: &[Image]) -> Result<Vec<Observation>, BackendError> {
        let seen = self.looks(images)?.into_iter();
        let network = &self.network.plan.config;
        Ok(seen
            .map(|made| network.observation(made))
            .collect::<Result<_, _>>()?)
    }

    fn sample(&self, images: &[Image], mc: &McDropout) -> Result<Vec<Sampled>, BackendError> {
        Ok(Self::sample(self, images, mc)?)
    }
}
