//! Data sets: the sample set, checks, corruption sheets, wrong input.

use crate::{json, ok, run, sample, text};

#[test]
fn the_sample_set_passes_its_own_check() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sample");
    sample(&out);
    let mut categories = 0;
    for entry in std::fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let report = json(&ok(&["data", "check", text(&path), "--json"]));
            assert_eq!(report["problems"], serde_json::json!([]), "{report}");
            categories += 1;
        }
    }
    assert!(categories >= 4);
}

#[test]
fn the_sample_set_is_not_drawn_over_another_folders_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "").unwrap();
    let (code, _, stderr) = run(&["data", "sample", "--out", text(folder.path())]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is not empty: --force"), "{stderr}");
}

#[test]
fn check_names_every_problem_at_once_and_is_exit_3() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sample");
    sample(&out);
    let category = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("ground_truth").is_dir())
        .unwrap();
    let first = |folder: &str| {
        let mut files: Vec<_> = walk(&category.join(folder))
            .into_iter()
            .filter(|p| p.is_file())
            .collect();
        files.sort();
        files[0].clone()
    };
    let (image, mask) = (first("train"), first("ground_truth"));
    let bytes = std::fs::read(&image).unwrap();
    std::fs::write(&image, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::remove_file(&mask).unwrap();
    let (code, stdout, _) = run(&["data", "check", text(&category), "--json"]);
    assert_eq!(code, 3);
    let kinds: Vec<String> = json(&stdout)["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["kind"].as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.contains(&"unreadable".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"missing_mask".to_owned()), "{kinds:?}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn a_missing_folder_is_exit_3_with_its_path() {
    let (code, _, stderr) = run(&["corrupt", "no/such.png", "--sheet", "/dev/null/x.png"]);
    assert_eq!(code, 3);
    assert!(stderr.contains("no/such.png"), "{stderr}");
}

#[test]
fn a_sheet_is_drawn_once_and_not_over_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sample");
    sample(&out);
    let image = walk(&out)
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "png"))
        .unwrap();
    let sheet = folder.path().join("sheet.png");
    let args = [
        "corrupt",
        text(&image),
        "--sheet",
        text(&sheet),
        "--count",
        "3",
        "--size",
        "64",
    ];
    ok(&args);
    let picture = image::open(&sheet).unwrap();
    // Two by two pictures of 64 and the gaps between and around them.
    assert!((128..150).contains(&picture.width()) && picture.width() == picture.height());
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("--force"), "{stderr}");
}

#[test]
fn a_sheet_shows_the_corruption_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.png");
    let step = image::RgbImage::from_fn(64, 64, |x, _| {
        image::Rgb([if x < 32 { 40 } else { 200 }; 3])
    });
    step.save(&path).unwrap();
    let sheet = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let args = [
            "corrupt",
            text(&path),
            "--sheet",
            text(&out),
            "--count",
            "3",
            "--size",
            "64",
        ];
        let told = ok(&[&args[..], &["--json"], more].concat());
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        (
            image::open(&out).unwrap().to_rgb8(),
            told["corruption"].clone(),
        )
    };
    // Of nothing, all four pictures are the image: its two tones and that of the gaps, no other.
    let (clean, name) = sheet("none.png", &["--set", "corruption.kind=none"]);
    assert_eq!(name, "none");
    let tones: std::collections::BTreeSet<u8> = clean.pixels().map(|p| p.0[0]).collect();
    assert!(tones.contains(&40) && tones.contains(&200), "{tones:?}");
    assert_eq!(tones.len(), 3, "{tones:?}");
    let seamless = r#"corruption={kind="repair", clean=0, fills=["seamless"], opacity=[1, 1]}"#;
    let (made, name) = sheet("seamless.png", &["--set", seamless]);
    assert_eq!(name, "repair");
    assert_ne!(made, clean);
    let args = [
        "corrupt",
        text(&path),
        "--sheet",
        "x.png",
        "--corruption",
        "drops",
        "--set",
        seamless,
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(stderr.contains("give one of them"), "{stderr}");
    let args = [
        "corrupt",
        text(&path),
        "--sheet",
        "x.png",
        "--set",
        "train.steps=3",
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("train.steps=3: of a sheet only corruption.* and seed"),
        "{stderr}"
    );
}

#[test]
fn an_unknown_corruption_lists_the_known_ones() {
    let (code, _, stderr) = run(&[
        "corrupt",
        "x.png",
        "--sheet",
        "y.png",
        "--corruption",
        "dust",
    ]);
    assert_eq!(code, 2);
    assert!(stderr.contains("stain-blur"), "{stderr}");
}

#[test]
fn files_that_are_no_model_are_exit_4() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.aesc.safetensors");
    for bytes in [
        &b""[..],
        b"short",
        b"\xff\xff\xff\xff\xff\xff\xff\xff{}",
        &[0; 4096],
    ] {
        std::fs::write(&path, bytes).unwrap();
        let (code, _, stderr) = run(&["inspect", text(&path)]);
        assert_eq!(code, 4, "{stderr}");
        assert!(stderr.contains("model.aesc.safetensors"), "{stderr}");
    }
    assert_eq!(run(&["inspect", "no/such/model"]).0, 4);
}
