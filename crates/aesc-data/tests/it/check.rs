//! `check` lists everything that is wrong with a folder in one go.

use aesc_data::{CheckReport, Limits, ProblemKind, Severity, check};

use crate::Tree;

/// Severity, kind and file of each problem.
fn found(report: &CheckReport) -> Vec<(Severity, ProblemKind, String)> {
    let brief = |p: &aesc_data::Problem| {
        let path = p.path.strip_prefix(&report.root).unwrap();
        (p.severity, p.kind, path.to_str().unwrap().to_owned())
    };
    report.problems.iter().map(brief).collect()
}

#[test]
fn a_sound_folder_has_counts_and_no_problem() {
    let report = check(Tree::mvtec().root(), &Limits::default());
    assert_eq!(report.problems, []);
    assert!(report.is_ok());
    let counts: Vec<_> = report
        .counts
        .iter()
        .map(|c| (c.split.as_str(), c.defect_type.as_str(), c.images, c.masks))
        .collect();
    assert_eq!(
        counts,
        [
            ("train", "good", 2, 0),
            ("test", "cut", 2, 2),
            ("test", "good", 1, 0)
        ]
    );
    assert_eq!(
        (
            report.sizes[0].height,
            report.sizes[0].width,
            report.sizes[0].images
        ),
        (4, 3, 5)
    );
}

#[test]
fn every_problem_is_listed_at_once() {
    let tree = Tree::mvtec();
    tree.grey("test/good/leak.png", 10); // the bytes of train/good/000.png
    tree.grey("train/good/again.png", 11); // the bytes of train/good/001.png
    tree.file("train/good/text.png", b"hello");
    tree.file("train/good/notes.txt", b"hello");
    tree.grey("ground_truth/cut/002_mask.png", 255);
    tree.grey("test/cut/003.png", 33);
    tree.grey("ground_truth/cut/001_mask.png", 0);
    image::GrayImage::new(8, 8)
        .save(tree.root().join("ground_truth/cut/000_mask.png"))
        .unwrap();
    image::GrayImage::new(8, 8)
        .save(tree.root().join("test/good/large.png"))
        .unwrap();
    let report = check(tree.root(), &Limits::default());
    assert!(!report.is_ok());
    let expected = [
        (
            Severity::Error,
            ProblemKind::MaskSize,
            "ground_truth/cut/000_mask.png",
        ),
        (
            Severity::Error,
            ProblemKind::MissingImage,
            "ground_truth/cut/002_mask.png",
        ),
        (
            Severity::Error,
            ProblemKind::MissingMask,
            "test/cut/003.png",
        ),
        (
            Severity::Error,
            ProblemKind::Duplicate,
            "test/good/leak.png",
        ),
        (
            Severity::Error,
            ProblemKind::Unreadable,
            "train/good/text.png",
        ),
        (
            Severity::Warning,
            ProblemKind::EmptyMask,
            "ground_truth/cut/001_mask.png",
        ),
        (
            Severity::Warning,
            ProblemKind::OddSize,
            "test/good/large.png",
        ),
        (
            Severity::Warning,
            ProblemKind::Duplicate,
            "train/good/again.png",
        ),
        (
            Severity::Warning,
            ProblemKind::Ignored,
            "train/good/notes.txt",
        ),
    ];
    // The walk lists train/good sorted, so 001.png comes before again.png.
    assert_eq!(
        found(&report),
        expected.map(|(s, k, p)| (s, k, p.to_owned()))
    );
    let hint = &report.problems[2].message;
    assert!(hint.ends_with("did you mean 002_mask.png?"), "{hint}");
}

#[test]
fn a_missing_folder_is_a_report_too() {
    let report = check("no/such/folder", &Limits::default());
    assert!(!report.is_ok());
    assert_eq!(report.problems[0].kind, ProblemKind::Layout);
}

#[test]
fn the_report_serialises_with_plain_words() {
    let report = check("no/such/folder", &Limits::default());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["problems"][0]["severity"], "error");
    assert_eq!(json["problems"][0]["kind"], "layout");
}
