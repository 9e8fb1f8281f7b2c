//! Configuration, help and completions.

use crate::{aesc, json, ok, run, text};

#[test]
fn a_misspelt_key_is_exit_2_with_line_and_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aesc.toml");
    std::fs::write(&path, "schema = 1\n\n[train]\nstepz = 5\n").unwrap();
    let (code, _, stderr) = run(&["config", "check", text(&path)]);
    assert_eq!(code, 2);
    assert!(stderr.contains("unknown field `stepz`"), "{stderr}");
    assert!(stderr.contains("aesc.toml:4:1"), "{stderr}");
    assert!(stderr.contains("did you mean `steps`?"), "{stderr}");
}

#[test]
fn a_value_out_of_range_is_exit_2_with_the_range() {
    let (code, _, stderr) = run(&["config", "show", "--set", "train.batch=1"]);
    assert_eq!(
        (code, stderr.trim()),
        (2, "error: train.batch: expected 2..=4096, found 1")
    );
}

#[test]
fn an_unknown_preset_lists_the_known_ones() {
    let (code, _, stderr) = run(&["config", "show", "--preset", "best"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("paper, paper-rgb, quick, sample"),
        "{stderr}"
    );
}

#[test]
fn later_sources_win() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("aesc.toml"),
        "[train]\nsteps = 1\nbatch = 2\n",
    )
    .unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "[train]\nsteps = 2\n").unwrap();
    let show = |args: &[&str]| {
        let mut all = vec!["config", "show", "--json"];
        all.extend(args);
        let mut command = aesc(&all);
        command
            .current_dir(folder.path())
            .env("AESC_TRAIN__BATCH", "3");
        let output = command.output().unwrap();
        let train = json(&String::from_utf8(output.stdout).unwrap())["config"]["train"].clone();
        (
            train["steps"].as_u64().unwrap(),
            train["batch"].as_u64().unwrap(),
        )
    };
    assert_eq!(show(&[]), (1, 3));
    assert_eq!(show(&["--config", text(&file)]), (2, 3));
    assert_eq!(
        show(&["--config", text(&file), "--set", "train.batch=4"]),
        (2, 4)
    );
}

#[test]
fn what_config_show_prints_is_a_valid_configuration() {
    let folder = tempfile::tempdir().unwrap();
    for preset in ["frontier", "paper", "paper-rgb", "quick", "sample"] {
        let path = folder.path().join(preset);
        std::fs::write(&path, ok(&["config", "show", "--preset", preset])).unwrap();
        ok(&["config", "check", text(&path)]);
    }
}

#[test]
fn help_shows_verbs_options_and_exit_codes() {
    insta::assert_snapshot!(ok(&["--help"]));
}

#[test]
fn every_verb_explains_itself_with_an_example() {
    let verbs = [
        vec!["train"],
        vec!["predict"],
        vec!["eval"],
        vec!["corrupt"],
        vec!["inspect"],
        vec!["data", "check"],
        vec!["data", "sample"],
        vec!["config", "show"],
        vec!["bench", "run"],
        vec!["doctor"],
        vec!["completions"],
    ];
    for mut verb in verbs {
        verb.push("--help");
        let help = ok(&verb);
        assert!(help.contains("Example"), "{verb:?}");
    }
}

#[test]
fn completions_name_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(ok(&["completions", shell]).contains("predict"), "{shell}");
    }
}

#[test]
fn an_unknown_verb_is_exit_2() {
    assert_eq!(run(&["trian"]).0, 2);
}

#[test]
fn version_names_commit_and_backend() {
    let version = ok(&["--version"]);
    assert!(
        version.starts_with("aesc ") && version.contains("commit "),
        "{version}"
    );
    assert!(version.contains("libtorch"), "{version}");
}

#[test]
fn settings_are_refused_where_they_have_no_say() {
    let (code, _, stderr) = run(&["inspect", "model", "--set", "train.steps=5"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("no say"), "{stderr}");
}
