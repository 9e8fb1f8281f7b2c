//! The guide's commands, as they stand in it, one after the other on the sample set.

use std::path::Path;

use crate::{Workbench, aesc, json};

const GUIDE: &str = include_str!("../../../../docs/guide-own-product.md");

/// Settings that train in a second.
const TINY: [(&str, &str); 6] = [
    ("AESC_DATA__HEIGHT", "32"),
    ("AESC_DATA__WIDTH", "32"),
    ("AESC_NETWORK__DEPTH", "3"),
    ("AESC_NETWORK__WIDTH", "4"),
    ("AESC_TRAIN__STEPS", "20"),
    ("AESC_TRAIN__EPOCH_STEPS", "10"),
];

/// The text of the fenced blocks in a language ("" for commands).
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let behind = GUIDE.split(&fence).skip(1);
    behind
        .filter_map(|rest| rest.split("\n```").next())
        .map(ToOwned::to_owned)
        .collect()
}

/// The words of a command line, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let words = line.split_whitespace().skip(1);
    words
        .map(|word| word.trim_matches('\'').to_owned())
        .collect()
}

fn copy_images(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn every_command_of_the_guide_runs() {
    let bench = Workbench::new();
    copy_images(
        &bench.category.join("train/good"),
        &bench.at("photos/clean"),
    );
    copy_images(
        &bench.category.join("test/good"),
        &bench.at("photos/calibration"),
    );
    copy_images(&bench.category.join("test/good"), &bench.at("photos/new"));
    let drawing = &blocks("toml")[0];
    std::fs::write(bench.at("roi.toml"), drawing).unwrap();
    let commands: Vec<String> = blocks("")
        .into_iter()
        .filter(|b| b.starts_with("aesc "))
        .collect();
    assert_eq!(commands.len(), 6, "{commands:?}");
    for line in &commands {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = aesc(&words);
        command.current_dir(bench.folder.path()).envs(TINY);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        let fine = code == Some(0) || (line.contains("--fail-on") && code == Some(10));
        assert!(fine, "{line}\n{code:?}\n{stderr}");
    }
    let promised = [
        "runs/cap/report.html",
        "runs/cap/looks/step-000010.png",
        "results/results.csv",
        "results/coco.json",
        "results/sheet.png",
        "results-script/summary.json",
    ];
    for name in promised {
        assert!(bench.at(name).is_file(), "{name}");
    }
    let summary = std::fs::read_to_string(bench.at("results/summary.json")).unwrap();
    assert_eq!(json(&summary)["drift"]["verdict"], "too-few");
    let page = std::fs::read_to_string(bench.at("runs/cap/report.html")).unwrap();
    assert!(page.contains("data:image/png;base64,") && page.contains("validation PSNR"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "one page, nothing beside it"
    );
}
