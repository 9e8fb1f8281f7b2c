//! `aesc export`: a model as an ONNX graph, written only when it does what the model does.

use std::path::{Path, PathBuf};

use aesc_artifact::{ModelFile, TensorFile};
use aesc_image::Image;
use aesc_onnx::Vectors;
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::path_text;
use crate::run_folder::{must_be_new, must_not_be, write_in};

/// Images drawn to compare with where none are given or kept beside the model.
#[cfg(feature = "libtorch")]
const N_DRAWN: u64 = 4;

/// What `export` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aesc export runs/cap/model.aesc.safetensors --onnx cap.onnx\n  \
    aesc export model.aesc.safetensors --onnx cap.onnx --images photos/clean --tolerance 1e-5"
)]
pub(crate) struct ExportArgs {
    /// The model file
    model: PathBuf,
    /// The ONNX file to write; test vectors come beside it, as NAME.vectors.safetensors
    #[arg(long, value_name = "FILE")]
    onnx: PathBuf,
    /// Images to compare model and graph with [default: the test vectors beside the model]
    #[arg(long, value_name = "PATH")]
    images: Option<PathBuf>,
    /// Images compared, at most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    n_images: u16,
    /// The largest difference allowed at any value of a reconstruction, of 1
    #[arg(long, value_name = "GAP", default_value_t = 1e-4, value_parser = tolerance)]
    tolerance: f64,
    /// Write over an earlier export
    #[arg(long)]
    force: bool,
}

fn tolerance(text: &str) -> Result<f64, String> {
    let gap: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&gap) {
        Ok(gap)
    } else {
        Err("expected 0..=1".to_owned())
    }
}

pub(crate) fn run(args: &ExportArgs, context: &Context) -> Result<(), Failure> {
    let beside = vectors_path(&args.onnx);
    // A graph that gets its model's name shares its vectors, which stay as they are.
    let shared = same_file(&beside, &vectors_path(&args.model));
    must_not_be(&args.onnx, &args.model)?;
    must_be_new(&args.onnx, args.force)?;
    if !shared {
        must_be_new(&beside, args.force)?;
    }
    let model = ModelFile::read(&args.model)?;
    let strategy = model.manifest.score.resolved_strategy();
    if strategy.samples() {
        let name = strategy.name();
        tracing::warn!("this model scores by {name}; the graph gives the reconstruction alone");
    }
    let onnx = aesc_onnx::export(&model)?;
    let vectors = reference(args, &model, context)?;
    let found = aesc_onnx::run(&onnx, &vectors.images)?;
    let gap = largest_gap(vectors.made.iter().flatten(), found.iter().flatten());
    // A gap that is no number is no parity.
    if gap.is_nan() || gap > args.tolerance {
        let message = format!(
            "{}: not written: the graph differs from the model by {gap:.2e} on {} image(s), more \
             than {:.0e} ({})",
            args.onnx.display(),
            vectors.images.len(),
            args.tolerance,
            vectors.made_by
        );
        return Err(Failure::text(ExitCode::ParityFailed, message));
    }
    write_in(&args.onnx, &onnx)?;
    if !shared {
        vectors.to_file(&model).write(&beside)?;
    }
    let value = json!({
        "onnx": path_text(&args.onnx), "vectors": path_text(&beside), "opset": aesc_onnx::OPSET, "bytes": onnx.len(),
        "n_images": vectors.images.len(), "max_abs_difference": gap, "tolerance": args.tolerance,
        "compared_with": vectors.made_by,
    });
    context.output.result(&value, || {
        format!(
            "{} ({:.1} MB)\nlargest difference to {} on {} image(s): {gap:.1e}",
            args.onnx.display(),
            onnx.len() as f64 / 1e6,
            vectors.made_by,
            vectors.images.len()
        )
    })
}

/// The largest difference at any value; NaN where there is one or an image lacks its other.
fn largest_gap<'a>(
    expected: impl Iterator<Item = &'a Image>,
    found: impl Iterator<Item = &'a Image>,
) -> f64 {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.collect(), found.collect());
    if expected.len() != found.len() {
        return f64::NAN;
    }
    let pairs = expected.into_iter().zip(found);
    let gaps = pairs.flat_map(|(a, b)| a.data().iter().zip(b.data()).map(|(a, b)| (a - b).abs()));
    let larger = |most: f32, gap: f32| {
        if gap.is_nan() || gap > most {
            gap
        } else {
            most
        }
    };
    // A NaN compares as neither larger nor smaller and so stays.
    gaps.fold(0.0, larger).into()
}

/// `model.aesc.safetensors` and `cap.onnx` to `model.vectors.safetensors`, `cap.vectors.safetensors`.
pub(crate) fn vectors_path(of: &Path) -> PathBuf {
    let name = of.file_name().unwrap_or_default().to_string_lossy();
    let endings = [".aesc.safetensors", ".safetensors", ".onnx"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending));
    of.with_file_name(format!("{}.vectors.safetensors", stem.unwrap_or(&name)))
}

/// Whether two names are of one file that is there.
fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize()
        .is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// The vectors kept beside the model, where there are any.
fn kept(args: &ExportArgs, model: &ModelFile) -> Result<Option<Vectors>, Failure> {
    let path = vectors_path(&args.model);
    if !path.exists() {
        return Ok(None);
    }
    let mut vectors = Vectors::from_file(&TensorFile::read(&path)?, model).map_err(|error| {
        let error = anyhow::Error::new(error).context(path.display().to_string());
        Failure::new(ExitCode::Model, error)
    })?;
    vectors.images.truncate(args.n_images.into());
    vectors.made.truncate(args.n_images.into());
    Ok(Some(vectors))
}

/// What the model makes of images, by libtorch.
#[cfg(feature = "libtorch")]
fn reference(args: &ExportArgs, model: &ModelFile, context: &Context) -> Result<Vectors, Failure> {
    use aesc_data::{Limits, list_images, load_all};

    let preprocess = &model.manifest.preprocess;
    let images = if let Some(path) = &args.images {
        let listed = list_images(std::slice::from_ref(path))?;
        let paths = listed.into_iter().map(|image| image.path);
        let paths: Vec<PathBuf> = paths.take(args.n_images.into()).collect();
        match crate::backend::grid(preprocess) {
            // The graph is that of a tile.
            Some(grid) => {
                let chosen = (model.manifest.roi.as_ref(), args.n_images.into());
                crate::tiles::load_tiles(&paths, (preprocess, grid), chosen, context)?
            }
            None => load_all(&paths, preprocess, &Limits::default(), |_| ())?,
        }
    } else if let Some(vectors) = kept(args, model)? {
        vectors.images
    } else {
        let seeds = 0..N_DRAWN.min(args.n_images.into());
        seeds
            .map(|seed| drawn(seed, preprocess))
            .collect::<Result<_, _>>()?
    };
    by_libtorch(model, images, context)
}

/// What the model makes of images, by libtorch.
#[cfg(feature = "libtorch")]
pub(crate) fn by_libtorch(
    model: &ModelFile,
    images: Vec<Image>,
    context: &Context,
) -> Result<Vectors, Failure> {
    let device = aesc_model::Device::open(&context.global.device)?;
    let network = aesc_model::Reconstructor::new(model, device)?;
    Ok(Vectors {
        made: network.looks(&images)?,
        images,
        made_by: crate::provenance::libtorch(),
    })
}

/// Soft blotches of all colours: an image for a model whose own nobody has at hand.
#[cfg(feature = "libtorch")]
fn drawn(seed: u64, preprocess: &aesc_data::PreprocessConfig) -> Result<Image, Failure> {
    use rand::{RngExt, SeedableRng};

    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut cells = Image::filled(12, 12, preprocess.channels.count(), 0.0)
        .map_err(|e| Failure::new(ExitCode::Unexpected, e))?;
    cells
        .data_mut()
        .iter_mut()
        .for_each(|value| *value = rng.random_range(0.0..1.0));
    Ok(aesc_data::resize(
        &cells,
        preprocess.height,
        preprocess.width,
    )?)
}

/// What libtorch made of images at training.
#[cfg(not(feature = "libtorch"))]
fn reference(args: &ExportArgs, model: &ModelFile, _: &Context) -> Result<Vectors, Failure> {
    if args.images.is_some() {
        let message = "--images needs libtorch, which this aesc was built without";
        return Err(Failure::text(ExitCode::Device, message));
    }
    kept(args, model)?.ok_or_else(|| {
        let path = vectors_path(&args.model);
        let remedy = "put what training wrote there beside the model, or export with libtorch";
        let message = format!("{}: no test vectors: {remedy}", path.display());
        Failure::text(ExitCode::Model, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_stand_beside_their_model_and_their_graph() {
        let name = |of: &str| vectors_path(Path::new(of)).display().to_string();
        assert_eq!(
            name("a/model.aesc.safetensors"),
            "a/model.vectors.safetensors"
        );
        assert_eq!(name("cap.onnx"), "cap.vectors.safetensors");
        assert_eq!(name("cap"), "cap.vectors.safetensors");
    }

    #[test]
    fn the_gap_is_the_largest_and_a_nan_is_not_lost() {
        let row = |values: [f32; 3]| Image::new(1, 3, 1, values.to_vec()).unwrap();
        let of = |found: &[Image]| largest_gap([row([0.5, 0.25, 0.0])].iter(), found.iter());
        let gap = |found| of(&[row(found)]);
        assert!(of(&[]).is_nan());
        assert!((gap([0.5, 0.5, 0.125]) - 0.25).abs() < 1e-9);
        assert!(gap([f32::NAN, 0.5, 0.125]).is_nan());
    }
}
