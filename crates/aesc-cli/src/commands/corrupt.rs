//! `aesc corrupt`: a sheet that shows what a corruption does to an image.

use std::path::PathBuf;

use aesc_data::{Channels, Limits, read_image, resize};
use aesc_detect::grid;
use aesc_image::Image;
use aesc_noise::{CorruptionConfig, Presentation};
use clap::Args;
use serde_json::json;

use crate::app::Context;
use crate::args::GlobalArgs;
use crate::config;
use crate::failure::Failure;
use crate::output::path_text;
use crate::pictures::png;
use crate::run_folder::{must_be_new, must_not_be, write_in};

/// What `corrupt` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aesc corrupt cap.png --sheet sheet.png\n  \
    aesc corrupt cap.png --corruption stain-blur --count 16 --sheet sheet.png --seed 7\n  \
    aesc corrupt cap.png --config own.toml --sheet sheet.png")]
pub(crate) struct CorruptArgs {
    /// The image
    image: PathBuf,
    /// The sheet to write (PNG): the clean image first, then corruptions of it
    #[arg(long, value_name = "PNG")]
    sheet: PathBuf,
    /// The corruption, by the name of its preset [default: stain, or what --config and --set say]
    #[arg(long, value_name = "NAME")]
    corruption: Option<String>,
    /// How many corruptions
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u64).range(1..=400), value_name = "N")]
    count: u64,
    /// Side of each picture in pixels
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(16..=2048), value_name = "PX")]
    size: u16,
    /// Replace the sheet if it exists
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &CorruptArgs, context: &Context) -> Result<(), Failure> {
    must_not_be(&args.sheet, &args.image)?;
    must_be_new(&args.sheet, args.force)?;
    let (corruption, seed) = chosen(args.corruption.as_deref(), &context.global)?;
    let name = args.corruption.as_deref().unwrap_or(corruption.kind());
    let corruption = corruption.validate()?;
    let decoded = read_image(&args.image, Channels::Rgb, &Limits::default())?;
    let side = usize::from(args.size);
    let clean = resize(&decoded.image, side, side)?;
    let corrupted =
        (0..args.count).map(|index| corruption.apply(&clean, Presentation { seed, index }).image);
    let cells: Vec<Image> = std::iter::once(clean.clone()).chain(corrupted).collect();
    let cells: Vec<&Image> = cells.iter().collect();
    let columns = (cells.len() as f64).sqrt().ceil() as usize;
    write_in(&args.sheet, &png(&grid(&cells, columns, 4)?)?)?;
    let value = json!({
        "sheet": path_text(&args.sheet), "corruption": name, "count": args.count, "seed": seed,
    });
    context
        .output
        .result(&value, || args.sheet.display().to_string())
}

/// The corruption and the seed: those of the settings, where there are any.
fn chosen(name: Option<&str>, global: &GlobalArgs) -> Result<(CorruptionConfig, u64), Failure> {
    if !global.has_settings() {
        let seed = global.seed.unwrap_or_default();
        return Ok((CorruptionConfig::named(name.unwrap_or("stain"))?, seed));
    }
    if name.is_some() {
        let message = "--corruption and the settings of --config or --set both choose the \
            corruption: give one of them (corruption.kind is a setting)";
        return Err(Failure::usage(message));
    }
    let of_another = |set: &&String| {
        let key = set.split(['.', '=']).next().unwrap_or_default();
        !["corruption", "seed"].contains(&key.trim())
    };
    if let Some(set) = global.sets.iter().find(of_another) {
        let message = format!("--set {set}: of a sheet only corruption.* and seed can be set");
        return Err(Failure::usage(message));
    }
    let config = config::resolve("frontier", global)?.config;
    Ok((config.corruption, config.seed))
}
