//! Maps in files: formats, names, the layouts of a data set, a table of scores.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{assert_close, float_tiff, floats, npy, write};
use crate::{json, ok, run, sample, text};

#[test]
fn files_pair_by_name_whatever_their_format() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    float_tiff(&at("maps/cut/1.tiff"), (1, 2), &[0.2, 0.9]);
    write(
        &at("maps/cut/2.npy"),
        &npy("<f4", &[1, 1, 2], &floats(&[0.1, 0.3])),
    );
    let grey = image::GrayImage::from_raw(2, 1, vec![51, 102]).unwrap();
    std::fs::create_dir_all(at("maps/good")).unwrap();
    grey.save(at("maps/good/1.png")).unwrap(); // 0.2, 0.4
    write(&at("masks/cut/1.npy"), &npy("|b1", &[1, 2], &[0, 1]));
    write(&at("masks/cut/2_mask.npy"), &npy("|b1", &[1, 2], &[0, 1]));
    write(&at("masks/good/1.npy"), &npy("|b1", &[1, 2], &[0, 0]));
    let (maps, masks) = (at("maps"), at("masks"));
    let args = [
        "score-maps",
        "--maps",
        text(&maps),
        "--masks",
        text(&masks),
        "--json",
    ];
    let found = json(&ok(&args));
    assert_eq!(found["matched_by"], "name");
    // Anomalous 0.9 and 0.3 against 0.4.
    assert_close(&found, "image_auroc", 0.5, 1e-12);
    // 0.9 beats 0.2, 0.1, 0.2, 0.4; 0.3 beats all but the last.
    assert_close(&found, "pixel_auroc", 7.0 / 8.0, 1e-12);
    std::fs::remove_file(at("masks/good/1.npy")).unwrap();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 3);
    assert!(
        stderr.contains("found none for 1: good/1; normal images need"),
        "{stderr}"
    );
    std::fs::remove_file(at("maps/cut/2.npy")).unwrap();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 3);
    assert!(
        stderr.contains("each of 2 masks, found none for 1: cut/2"),
        "{stderr}"
    );
}

/// A category of the sample set with a map of each test image: 1 in the defect, 0 elsewhere.
struct Category {
    folder: TempDir,
    data: PathBuf,
    /// The images below the category, without suffix.
    images: Vec<String>,
}

impl Category {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("sample");
        sample(&root);
        let entries = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path());
        let data = entries.filter(|path| path.is_dir()).min().unwrap();
        let dataset = aesc_data::open_dataset(&data).unwrap();
        let maps = folder.path().join("maps");
        let mut images = Vec::new();
        for image in &dataset.test {
            let limits = aesc_data::Limits::default();
            let values = match &image.mask {
                Some(path) => {
                    let mask = aesc_data::read_mask(path, &limits).unwrap();
                    mask.data()
                        .iter()
                        .map(|m| f32::from(u8::from(*m)))
                        .collect()
                }
                None => vec![0.0; 64 * 64],
            };
            let name = image.relative.with_extension("");
            float_tiff(&maps.join(&name).with_extension("tiff"), (64, 64), &values);
            images.push(name.to_str().unwrap().to_owned());
        }
        Self {
            folder,
            data,
            images,
        }
    }

    fn run(&self, maps: &Path, more: &[&str]) -> (i32, String, String) {
        let files = [
            "score-maps",
            "--maps",
            text(maps),
            "--data",
            text(&self.data),
        ];
        run(&[&files[..], more].concat())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn maps_of_a_data_set_are_found_in_each_layout() {
    let category = Category::new();
    let name = category.data.file_name().unwrap().to_str().unwrap();
    // As written: test/<type>/<stem>; as the MVTec evaluator: <category>/test/...; as predict on
    // the folder test: <type>/<stem>.
    std::fs::create_dir(category.at("evaluator")).unwrap();
    let places = [
        category.at("maps"),
        category.at("evaluator"),
        category.at("flat"),
    ];
    for place in &places {
        if *place == places[1] {
            std::fs::rename(&places[0], place.join(name)).unwrap();
        } else if *place == places[2] {
            std::fs::rename(places[1].join(name).join("test"), place).unwrap();
        }
        let (code, stdout, stderr) = category.run(place, &["--json"]);
        assert_eq!(code, 0, "{stderr}");
        let found = json(&stdout);
        for key in [
            "image_auroc",
            "pixel_auroc",
            "pixel_ap",
            "aupro_30",
            "aupro_05",
        ] {
            assert_close(&found, key, 1.0, 1e-12);
        }
        assert_eq!(found["n_images"], category.images.len());
        let types = found["per_defect_type"].as_object().unwrap();
        assert!(
            !types.is_empty() && types.values().all(|v| *v == 1.0),
            "{types:?}"
        );
    }
}

#[test]
fn a_missing_map_and_one_too_many_are_told() {
    let category = Category::new();
    let maps = category.at("maps");
    let first = maps.join(&category.images[0]).with_extension("tiff");
    let twin = first.with_extension("npy");
    write(&twin, &npy("<f4", &[1, 1], &floats(&[0.0])));
    let (code, _, stderr) = category.run(&maps, &[]);
    assert_eq!(code, 3);
    assert!(
        stderr.contains("expected one file of this name"),
        "{stderr}"
    );
    std::fs::remove_file(twin).unwrap();
    std::fs::remove_file(first).unwrap();
    let (code, _, stderr) = category.run(&maps, &[]);
    assert_eq!(code, 3);
    let told = format!("test images, found none for 1: {}", category.images[0]);
    assert!(stderr.contains(&told), "{stderr}");
}

#[test]
fn a_table_of_scores_takes_the_place_of_the_maps() {
    let category = Category::new();
    let (maps, table) = (category.at("maps"), category.at("results.csv"));
    let rows = |score: fn(bool) -> &'static str| {
        let row = |image: &String| {
            let good = image.contains("/good/");
            format!("0,/elsewhere/{image}.png,{},\"a, b\"\n", score(good))
        };
        let rows: String = category.images.iter().map(row).collect();
        write(
            &table,
            format!("sha256,path,score,error\n{rows}").as_bytes(),
        );
    };
    rows(|good| if good { "1e1" } else { "2" });
    let args = ["--scores", text(&table), "--json"];
    let (code, stdout, stderr) = category.run(&maps, &args);
    assert_eq!(code, 0, "{stderr}");
    let found = json(&stdout);
    assert_close(&found, "image_auroc", 0.0, 0.0);
    assert_close(&found, "pixel_auroc", 1.0, 1e-12);
    assert_eq!(found["image_score"], "csv");
    rows(|good| if good { "" } else { "2" });
    let (code, _, stderr) = category.run(&maps, &args);
    assert_eq!(code, 3);
    assert!(stderr.contains("results.csv: line") && stderr.contains("a finite score"));
}

#[test]
fn a_data_set_without_masks_has_image_metrics_alone() {
    let category = Category::new();
    std::fs::remove_dir_all(category.data.join("ground_truth")).unwrap();
    let (code, stdout, stderr) = category.run(&category.at("maps"), &["--json"]);
    assert_eq!(code, 0, "{stderr}");
    let found = json(&stdout);
    assert_close(&found, "image_auroc", 1.0, 1e-12);
    assert!(found["pixel_auroc"].is_null() && found["regions"].is_null());
    assert_eq!(found["undefined"]["aupro_30"], "the data set has no masks");
}
