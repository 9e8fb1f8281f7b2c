//! Two arrays: the figures by hand and by other programs, what is undefined, every mismatch.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{assert_close, floats, npy, write};
use crate::{json, ok, run, text};

/// The worked example of docs/metrics.md: 5 x 5 pixels, a region of four and one of one.
const MAP: [f32; 25] = [
    9., 9., 0., 1., 2., //
    8., 7., 1., 8., 0., //
    0., 2., 6., 0., 1., //
    1., 5., 0., 3., 2., //
    4., 0., 1., 2., 0., //
];
const MASK: [u8; 25] = [
    1, 1, 0, 0, 0, //
    1, 1, 0, 0, 0, //
    0, 0, 0, 0, 0, //
    0, 0, 0, 1, 0, //
    0, 0, 0, 0, 0, //
];

/// Two arrays in a folder.
struct Arrays(TempDir);

impl Arrays {
    fn new(shape: &[usize], maps: &[f32], masks: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(&at("maps.npy"), &npy("<f4", shape, &floats(maps)));
        write(&at("masks.npy"), &npy("|u1", shape, masks));
        Self(folder)
    }

    fn run(&self, more: &[&str]) -> (i32, String, String) {
        let (maps, masks) = (
            self.0.path().join("maps.npy"),
            self.0.path().join("masks.npy"),
        );
        let files = ["score-maps", "--maps", text(&maps), "--masks", text(&masks)];
        run(&[&files[..], more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        let (code, stdout, stderr) = self.run(&[more, &["--json"]].concat());
        assert_eq!(code, 0, "{stderr}");
        json(&stdout)
    }
}

#[test]
fn the_worked_example_of_the_docs_by_hand() {
    let found = Arrays::new(&[5, 5], &MAP, &MASK).json(&[]);
    // The 20 normal pixels hold 8, 6, 5, 4 and lower than 3. Pairs in order: 9 and 9 beat all 20,
    // 8 beats 19 and ties with one, 7 beats 19, 3 beats 16: 94.5 of 100.
    assert_close(&found, "pixel_auroc", 0.945, 1e-12);
    // Recall rises by 2/5 at precision 2/2, by 1/5 each at 3/4, 4/5 and 5/9.
    let ap = 0.4 + 0.2 * (0.75 + 0.8 + 5.0 / 9.0);
    assert_close(&found, "pixel_ap", ap, 1e-12);
    // At 7: 2 x 4 / (5 + 5).
    assert_close(&found, "pixel_f1max", 0.8, 1e-12);
    // All five are needed for 95 %: four false ones of 20.
    assert_close(&found, "pixel_fpr_at_95tpr", 0.2, 1e-12);
    // PRO: 1/4 at FPR 0, slanted to 3/8 at 1/20, 1/2 there and to 4/20, 1 from there on.
    let to_5 = 0.05 * (0.25 + 0.375) / 2.0;
    assert_close(&found, "aupro_05", to_5 / 0.05, 1e-12);
    assert_close(&found, "aupro_30", (to_5 + 0.15 * 0.5 + 0.1) / 0.3, 1e-12);
    assert_eq!(found["regions"], 2);
    for key in ["image_auroc", "image_ap", "image_f1max", "aupimo"] {
        assert!(found[key].is_null(), "{key}");
        let reason = found["undefined"][key].as_str().unwrap();
        assert!(
            reason.contains("0 normal and 1 anomalous images"),
            "{reason}"
        );
    }
}

#[test]
fn the_table_has_a_dash_and_the_reason_where_a_metric_is_undefined() {
    let (code, stdout, stderr) = Arrays::new(&[5, 5], &MAP, &MASK).run(&[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let line = |label: &str| stdout.lines().find(|l| l.starts_with(label)).unwrap();
    assert_eq!(line("pixel AUROC"), "pixel AUROC         0.9450");
    assert!(line("image AUROC").contains("—  expected both classes, found 0 normal"));
    assert_eq!(line("regions"), "regions             2");
}

/// Masks from the bits of the golden cases of aesc-eval.
fn unpacked(bits: &[u8], shape: &[usize]) -> Vec<u8> {
    let pixels = shape[1] * shape[2];
    let of_image = |bytes: &[u8]| -> Vec<u8> {
        (0..pixels)
            .map(|i| bytes[i / 8] >> (7 - i % 8) & 1)
            .collect()
    };
    bits.chunks_exact(pixels.div_ceil(8))
        .flat_map(of_image)
        .collect()
}

#[test]
fn golden_cases_agree_with_scikit_learn_and_the_mvtec_routine() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aesc-eval/tests/golden");
    let folder = tempfile::tempdir().unwrap();
    let expected = json(&std::fs::read_to_string(golden.join("expected.json")).unwrap());
    for case in expected["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let sides = case["shape"].as_array().unwrap();
        let shape: Vec<usize> = sides.iter().map(|s| s.as_u64().unwrap() as usize).collect();
        let bits = std::fs::read(golden.join(format!("{name}_masks.bits"))).unwrap();
        let masks = folder.path().join("masks.npy");
        write(&masks, &npy("|b1", &shape, &unpacked(&bits, &shape)));
        let maps = golden.join(format!("{name}_maps.npy"));
        let found = json(&ok(&[
            "score-maps",
            "--maps",
            text(&maps),
            "--masks",
            text(&masks),
            "--image-score",
            "l2",
            "--json",
        ]));
        for (key, value) in case.as_object().unwrap() {
            let tolerance = match key.as_str() {
                "aupro_30" | "aupro_05" => 1e-5,
                "regions" => 0.0,
                key if key.starts_with("image_a") || key.starts_with("pixel_") => 1e-6,
                "image_f1max" => 1e-6,
                _ => continue,
            };
            assert_close(&found, key, value.as_f64().unwrap(), tolerance);
        }
    }
}

/// Four images of 1 x 4; the last two have a defect.
fn four() -> Arrays {
    let maps = [
        3., 3., 1., 1., // max 3, mean 2, squares 20
        5., 1., 0., 0., // max 5, mean 1.5, squares 26
        4., 4., 2., 2., // max 4, mean 3, squares 40
        6., 0., 0., -6., // max 6, mean 0, squares 72
    ];
    let masks = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0];
    Arrays::new(&[4, 1, 1, 4], &maps, &masks)
}

#[test]
fn an_image_is_scored_by_its_largest_value_its_norm_or_its_mean() {
    let arrays = four();
    // Anomalous 4 and 6 against 3 and 5: three of four pairs.
    assert_close(&arrays.json(&[]), "image_auroc", 0.75, 1e-12);
    // 40 and 72 against 20 and 26: all.
    let l2 = arrays.json(&["--image-score", "l2"]);
    assert_close(&l2, "image_auroc", 1.0, 1e-12);
    // 3 and 0 against 2 and 1.5: two of four.
    let mean = arrays.json(&["--image-score", "mean"]);
    assert_close(&mean, "image_auroc", 0.5, 1e-12);
    assert_eq!(mean["image_score"], "mean");
}

#[test]
fn a_smaller_mask_changes_pixels_and_not_labels() {
    // 16 x 16 to 8 x 8 takes every odd row and column: the defect at (0, 0) is lost to the
    // pixels, the one at (1, 1) is not, and both images stay anomalous.
    let mut masks = vec![0; 3 * 256];
    masks[256] = 1;
    masks[512 + 17] = 1;
    let maps: Vec<f32> = (0..3 * 256).map(|i| (i / 256) as f32).collect();
    let arrays = Arrays::new(&[3, 16, 16], &maps, &masks);
    let found = arrays.json(&["--eval-size", "8"]);
    assert_eq!(
        (&found["regions"], &found["n_anomalous"]),
        (&1.into(), &2.into())
    );
    assert_eq!(found["eval_size"], "8x8");
    assert_eq!(arrays.json(&[])["regions"], 2);
    // One defect pixel at 2 ties with its image's 63 others and beats 128 lower ones.
    assert_close(&found, "pixel_auroc", (128.0 + 63.0 / 2.0) / 191.0, 1e-12);
}

#[test]
fn mismatches_and_broken_values_are_exit_3_by_what_was_found() {
    let arrays = four();
    let maps = arrays.0.path().join("maps.npy");
    let refused = |told: &str| {
        let (code, stdout, stderr) = arrays.run(&["--json"]);
        assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    };
    write(&maps, &npy("<f4", &[3, 1, 4], &floats(&[0.0; 12])));
    refused("maps.npy: expected a map for each of 4 masks, found 3 maps");
    let mut values = [0.0; 16];
    values[9] = f32::INFINITY;
    write(&maps, &npy("<f4", &[4, 1, 4], &floats(&values)));
    refused("found inf at row 0, column 1 of array 2");
    write(&maps, &npy("<f4", &[4, 1, 4], &floats(&values[..15])));
    refused("60 bytes of values where the shape [4, 1, 4] has 64");
    write(&maps, &npy("|O", &[4, 1, 4], &[0; 16]));
    refused("Python objects");
    write(
        &arrays.0.path().join("masks.npy"),
        &npy("|u1", &[4, 1, 4], &[0; 16]),
    );
    write(&maps, &npy("<f4", &[4, 1, 4], &floats(&[0.5; 16])));
    refused("no metric is defined: expected at least one anomalous region");
}

#[test]
fn masks_or_a_data_set_are_needed_and_not_both() {
    let (code, _, stderr) = run(&["score-maps", "--maps", "a.npy"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--masks <PATH>|--data <DIR>"), "{stderr}");
    let both = ["score-maps", "--maps", "a", "--masks", "b", "--data", "c"];
    assert_eq!(run(&both).0, 2);
    let (code, _, stderr) = four().run(&["--scores", "s.csv"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("find") && stderr.contains("by name"),
        "{stderr}"
    );
    let kinds = ["--scores", "s.csv", "--image-score", "max"];
    assert_eq!(four().run(&kinds).0, 2);
}
