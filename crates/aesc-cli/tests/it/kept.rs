//! What a command must not lose: its input, what others wrote, an earlier result.

use std::path::PathBuf;

use crate::detect::{images, trained};
use crate::{aesc, json, ok, run, text};

#[test]
fn a_second_prediction_leaves_nothing_of_the_first_and_sees_nothing_of_it() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    let all = images(&trained.bench.category);
    for (name, image) in [("a.png", &all[0]), ("b.png", &all[1])] {
        std::fs::copy(image, photos.join(name)).unwrap();
    }
    let out = photos.join("results");
    let args = [
        "predict",
        text(&trained.model),
        text(&photos),
        "--out",
        text(&out),
        "--json",
    ];
    assert_eq!(json(&ok(&args))["n_scored"], 2);
    assert!(!out.join(".unfinished").exists());
    // As a killed run leaves it: neither tables nor summary.
    for name in ["results.csv", "results.jsonl", "sheet.png", "summary.json"] {
        std::fs::remove_file(out.join(name)).unwrap();
    }
    std::fs::write(out.join(".unfinished"), b"").unwrap();
    std::fs::remove_file(photos.join("a.png")).unwrap();
    let again = json(&ok(&[&args[..], &["--force"]].concat()));
    assert_eq!(again["n_scored"], 1);
    assert!(out.join("maps/b.tiff").is_file() && !out.join("maps/a.tiff").exists());
    // The folder itself is no input.
    let maps = out.join("maps");
    let (code, _, stderr) = run(&[
        "predict",
        text(&trained.model),
        text(&maps),
        "--out",
        text(&out),
        "--force",
    ]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("in the output folder") && maps.join("b.tiff").is_file());
}

/// A name that is no UTF-8, which a file may have.
#[cfg(unix)]
fn odd(folder: &std::path::Path, name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    folder.join(std::ffi::OsStr::from_bytes(name))
}

#[cfg(unix)]
#[test]
fn names_that_are_no_utf_8_end_nothing() {
    use std::os::unix::ffi::OsStrExt;
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let model = odd(folder.path(), b"m\xff.aesc.safetensors");
    std::fs::copy(&trained.model, &model).unwrap();
    let photo = odd(folder.path(), b"a\xff.png");
    std::fs::copy(&images(&trained.bench.category)[0], &photo).unwrap();
    let good = trained.bench.category.join("train/good");
    let mut calibrate = aesc(&["calibrate", "--good", text(&good), "--json"]);
    calibrate.arg(&model).assert().success();
    let out = folder.path().join("out");
    let mut predict = aesc(&[
        "predict",
        text(&trained.model),
        "-",
        "--out",
        text(&out),
        "--json",
    ]);
    let list = [photo.as_os_str().as_bytes(), b"\r\n"].concat();
    predict.write_stdin(list).assert().success();
    let place = odd(folder.path(), b"\xff");
    std::fs::create_dir(&place).unwrap();
    let mut check = aesc(&["data", "check", "--json"]);
    let output = check.arg(&place).assert().code(3).get_output().clone();
    assert_eq!(
        json(std::str::from_utf8(&output.stdout).unwrap())["counts"],
        serde_json::json!([])
    );
    // But a plan is JSON, which other programs read.
    let mut plan = aesc(&["bench", "plan", "--out", text(&out), "--data"]);
    plan.arg(&place).assert().code(2);
}

#[test]
fn what_is_read_is_not_written_over() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let (model, photo) = (folder.path().join("m"), folder.path().join("a.png"));
    std::fs::copy(&trained.model, &model).unwrap();
    std::fs::copy(&images(&trained.bench.category)[0], &photo).unwrap();
    let (before, seen) = (
        std::fs::read(&model).unwrap(),
        std::fs::read(&photo).unwrap(),
    );
    let export = ["export", text(&model), "--onnx", text(&model), "--force"];
    let corrupt = ["corrupt", text(&photo), "--sheet", text(&photo), "--force"];
    for args in [&export, &corrupt] {
        let (code, _, stderr) = run(args);
        assert_eq!(code, 2, "{stderr}");
        assert!(
            stderr.contains("found the same; give another name"),
            "{stderr}"
        );
    }
    assert_eq!(std::fs::read(&model).unwrap(), before);
    assert_eq!(std::fs::read(&photo).unwrap(), seen);
    // Nor is what no prediction wrote.
    let out = folder.path().join("own");
    std::fs::create_dir_all(out.join("masks")).unwrap();
    std::fs::write(out.join("masks/mine.png"), b"-").unwrap();
    std::fs::write(out.join("summary.json"), b"{\"name\": 1}").unwrap();
    let args = [
        "predict",
        text(&model),
        text(&photo),
        "--out",
        text(&out),
        "--force",
    ];
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("found another masks") && out.join("masks/mine.png").exists());
    // An earlier prediction stays when the input is mistyped.
    let out = folder.path().join("out");
    ok(&["predict", text(&model), text(&photo), "--out", text(&out)]);
    let args = [
        "predict",
        text(&model),
        "nope.png",
        "--out",
        text(&out),
        "--force",
    ];
    assert_eq!(run(&args).0, 3);
    assert!(out.join("maps/a.tiff").is_file() && out.join("results.csv").is_file());
}
