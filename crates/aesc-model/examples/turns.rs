//! How far turns move the look of categories' training images, and which of them training may use, as
//! CSV; each category at the side, px, that it is trained at.
//!
//! `cargo run --release -p aesc-model --example turns -- 128 SAMPLE/gear 256 MVTEC256/bottle …`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::Path;

use aesc_artifact::Turns;
use aesc_data::{Limits, PreprocessConfig, load_all, open_dataset};
use aesc_model::train::{turn_moves, turns_of};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!("category,by a quarter,by half,by three quarters,turned");
    for pair in words.chunks(2) {
        let [side, folder] = pair else {
            return Err("expected: SIDE FOLDER [SIDE FOLDER]…".into());
        };
        let side = side.parse()?;
        let folder = Path::new(folder);
        let config = PreprocessConfig {
            height: side,
            width: side,
            ..PreprocessConfig::default()
        };
        let paths = open_dataset(folder)?
            .train
            .into_iter()
            .map(|item| item.path);
        let paths: Vec<_> = paths.collect();
        let images = load_all(&paths, &config, &Limits::default(), |_| {})?;
        let name = folder.file_name().unwrap_or_default().display();
        let [quarter, half, three] = turn_moves(&images);
        let turned = match turns_of(&images) {
            Turns::Quarter => "by quarters",
            Turns::Half => "by half",
            Turns::None | Turns::Auto => "no",
        };
        println!("{name},{quarter:.2},{half:.2},{three:.2},{turned}");
    }
    Ok(())
}
