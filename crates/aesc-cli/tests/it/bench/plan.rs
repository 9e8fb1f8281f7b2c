//! Which cells a matrix has, and what is said of one that is wrong.

use super::{Bench, pair, words};
use crate::{aesc, run, text};

const OVERLAPPING: &str = r#"schema = 1
preset = "sample"
strategies = ["fusion"]
seeds = [3, 4]

[[block]]
networks = ["aesc"]
corruptions = ["stain", "none"]

[[block]]
networks = ["ae", "aesc"]
corruptions = ["none"]
"#;

#[test]
fn the_blocks_of_a_file_are_merged_and_repeated_for_each_seed() {
    let bench = Bench::new();
    let file = bench.file("mine.toml", OVERLAPPING);
    let plan = bench.plan("a", &["--matrix", &file]);
    assert_eq!(plan.strategies, ["fusion"]);
    let cells = plan
        .cells
        .iter()
        .map(|cell| (pair(cell), cell.seed, cell.preset.as_str()));
    let expected = [("aesc", "stain"), ("aesc", "none"), ("ae", "none")];
    let expected = expected.map(|pair| [3, 4].map(|seed| (pair, seed, "sample")));
    assert!(cells.eq(expected.into_iter().flatten()));
    let seeds = plan
        .cells
        .iter()
        .map(|cell| cell.config.value()["seed"].as_u64());
    assert!(seeds.eq([3, 4].repeat(3).into_iter().map(Some)));
}

#[test]
fn a_corruption_of_the_configured_kind_is_as_configured() {
    let bench = Bench::new();
    let corruptions = |out: &str, more: &[&str]| {
        let args = [&["--preset", "sample", "--networks", "aesc"], more].concat();
        let cells = bench.plan(out, &args).cells.into_iter();
        cells
            .map(|c| c.config.value()["corruption"].clone())
            .collect::<Vec<_>>()
    };
    let set = "corruption.size=[0.25, 0.5]";
    let of = ["--corruptions", "stain", "stain-blur", "--set", set];
    let [stain, blurred] = &corruptions("stain", &of)[..] else {
        panic!("two cells")
    };
    assert_eq!(stain["size"], serde_json::json!([0.25, 0.5]));
    assert_eq!(blurred["size"], serde_json::json!([0.01, 0.12]));

    let set = r#"corruption={kind="mix", parts=[{probability=1.0, corruption={kind="drops"}}]}"#;
    let mix = corruptions("mix", &["--corruptions", "mix", "--set", set]);
    assert_eq!(mix[0]["parts"][0]["corruption"]["kind"], "drops");
    let (code, _, stderr) = run(&words(&bench.args("plan", "b", &["--corruptions", "mix"])));
    assert_eq!(code, 2);
    assert!(stderr.contains("unknown corruption `mix`"), "{stderr}");

    // What no column would take up is not swallowed.
    for (set, kind) in [("corruption.size=[0.25, 0.5]", "stain"), (set, "mix")] {
        let of = ["--networks", "aesc", "--corruptions", "drops", "--set", set];
        let (code, _, stderr) = run(&words(&bench.args("plan", "c", &of)));
        let expected = format!("a column with the corruption `{kind}`, found drops alone");
        assert_eq!(code, 2);
        assert!(stderr.contains(&expected), "{stderr}");
    }
    let file = bench.file("repair.toml", "[corruption]\nkind = \"repair\"\n");
    let of = ["--corruptions", "drops", "--config", &file];
    let (code, _, stderr) = run(&words(&bench.args("plan", "d", &of)));
    assert_eq!(code, 2);
    let expected = "repair.toml: expected a column with the corruption `repair`, found drops alone";
    assert!(stderr.contains(expected), "{stderr}");
    bench.plan("e", &["--corruptions", "repair", "--config", &file]);
}

#[test]
fn of_a_corruption_that_lies_about_one_warning_is_left() {
    let bench = Bench::new();
    let args = bench.args("plan", "a", &["--preset", "sample"]);
    let mut command = aesc(&words(&args));
    let output = command.env("AESC_CORRUPTION__KIND", "repair").output();
    let output = output.unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    // Four columns, of stains and of nothing.
    assert_eq!(stderr.matches("corruption `repair`").count(), 1, "{stderr}");
    let stains = |out: &str| {
        let plan = aesc_bench::Plan::read(&bench.at(out)).unwrap();
        plan.cells
            .iter()
            .filter(|cell| pair(cell).1 == "stain")
            .count()
    };
    assert_eq!(stains("a"), 2);
}

#[test]
fn the_preset_stands_beside_the_method_in_as_many_steps_with_three_seeds() {
    let bench = Bench::new();
    let plan = bench.plan("a", &["--matrix", "frontier"]);
    let cells: Vec<_> = plan.cells.iter().map(|c| (&*c.preset, c.seed)).collect();
    let expected = ["frontier", "quick"].map(|preset| [0, 1, 2].map(|seed| (preset, seed)));
    assert_eq!(cells, expected.concat());
    let config = |at: usize| plan.cells[at].config.value();
    let network = |at: usize, key: &str| config(at)["network"].get(key).cloned();
    for (key, value) in [("second", "ae"), ("segment", "residual-high-pass")] {
        assert_eq!(
            (network(0, key), network(3, key)),
            (Some(value.into()), None)
        );
    }
    assert_eq!(config(0)["train"]["steps"], config(3)["train"]["steps"]);
    assert!(
        plan.cells
            .iter()
            .all(|cell| pair(cell) == ("aesc", "stain"))
    );
    let one = bench.plan("b", &["--matrix", "frontier", "--preset", "sample"]);
    assert!(one.cells.iter().all(|cell| cell.preset == "sample"));
    assert_eq!(one.cells.len(), 3);
}

#[test]
fn what_the_line_says_wins_over_the_file() {
    let bench = Bench::new();
    let file = bench.file("mine.toml", OVERLAPPING);
    let mut line = vec!["--matrix", &file, "--preset", "quick", "--networks", "ae"];
    line.extend([
        "--corruptions",
        "drops",
        "--strategies",
        "residual",
        "fusion",
    ]);
    let plan = bench.plan("a", &[&line[..], &["--seeds", "7"]].concat());
    let cells: Vec<_> = plan
        .cells
        .iter()
        .map(|c| (pair(c), c.seed, &*c.preset))
        .collect();
    assert_eq!(cells, [(("ae", "drops"), 7, "quick")]);
    assert_eq!(plan.strategies, ["residual", "fusion"]);
    let plan = bench.plan("b", &["--matrix", &file, "--seed", "9"]);
    assert!(plan.cells.iter().all(|cell| cell.seed == 9));
}

#[test]
fn headline_is_planned_where_no_matrix_is_named() {
    let bench = Bench::new();
    let plan = bench.plan("a", &[]);
    let pairs: Vec<_> = plan.cells.iter().map(pair).collect();
    let expected = [
        ("ae", "none"),
        ("ae", "stain"),
        ("aesc", "none"),
        ("aesc", "stain"),
    ];
    assert_eq!(pairs, expected);
    assert_eq!(plan.strategies, ["residual", "uncertainty"]);
    assert!(plan.cells.iter().all(|cell| cell.preset == "quick"));
}

#[test]
fn the_whole_matrix_is_21_cells_a_category() {
    let bench = Bench::new();
    let plan = bench.plan("a", &["--matrix", "sample"]);
    assert_eq!(plan.cells.len(), 21);
    assert!(plan.cells.iter().all(|cell| cell.preset == "sample"));
    let kinds = plan
        .cells
        .iter()
        .map(|cell| cell.config.value()["network"]["kind"].clone());
    assert!(
        kinds
            .zip(&plan.cells)
            .all(|(kind, cell)| kind == cell.network)
    );
}

/// Exit code 2, and what is said.
fn refused(bench: &Bench, more: &[&str]) -> String {
    let (code, stdout, stderr) = run(&words(&bench.args("plan", "refused", more)));
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(!bench.at("refused").exists());
    stderr
}

#[test]
fn a_mistake_in_a_file_is_shown_at_its_line_with_what_was_meant() {
    let bench = Bench::new();
    let block = "[[block]]\nnetworks = [\"ae\"]\ncorruptions = [\"none\"]\n";
    for (content, place, said) in [
        (
            format!("sedes = [1]\n{block}"),
            ":1:1",
            "did you mean `seeds`?",
        ),
        (
            block.replace("corruptions", "corruption"),
            ":3:1",
            "did you mean `corruptions`?",
        ),
        (
            block.replace("\"ae\"", "\n  \"aes\", # \"aes\"\n"),
            ":3:4",
            "did you mean `aesc`?",
        ),
        (
            block.replace("none", "stian"),
            ":3:17",
            "did you mean `stain`?",
        ),
        (
            format!("strategies = ['resid']\n{block}"),
            ":1:16",
            "did you mean `residual`?",
        ),
        (
            format!("preset = \"quik\"\n{block}"),
            ":1:11",
            "did you mean `quick`?",
        ),
        (
            format!("schema = 2\n{block}"),
            ":1:10",
            "expected schema 1, found 2",
        ),
        (
            block.replace("\"none\"", ""),
            ":3:15",
            "expected at least one",
        ),
        ("seeds = [1]\n".to_owned(), "", "missing field `block`"),
        ("seeds = [1\n".to_owned(), ":", "array"),
    ] {
        let file = bench.file("wrong.toml", &content);
        let stderr = refused(&bench, &["--matrix", &file]);
        let place = format!("wrong.toml{place}");
        assert!(
            stderr.contains(&place) && stderr.contains(said),
            "{place} {said}\n{stderr}"
        );
    }
}

#[test]
fn an_unknown_name_on_the_line_names_the_known_ones() {
    let bench = Bench::new();
    for (option, name, known) in [
        (
            "--networks",
            "aecs",
            "`ae`, `aesc`, `unet`; did you mean `aesc`?",
        ),
        ("--corruptions", "scratches", "`scratch`"),
        (
            "--strategies",
            "auto",
            "`residual`, `uncertainty`, `fusion`",
        ),
        (
            "--matrix",
            "papre",
            "`headline`, `paper`, `sample`; did you mean `paper`?",
        ),
        ("--preset", "fast", "paper, paper-rgb, quick, sample"),
    ] {
        let stderr = refused(&bench, &[option, name]);
        assert!(stderr.contains(name) && stderr.contains(known), "{stderr}");
    }
    let stderr = refused(&bench, &["--matrix", "absent.toml"]);
    assert!(stderr.contains("absent.toml"), "{stderr}");
}

#[test]
fn another_plan_in_the_same_folder_is_refused() {
    let bench = Bench::new();
    let out = bench.planned("a");
    let (code, _, stderr) = run(&words(&bench.args("plan", "a", &["--seed", "5"])));
    assert_eq!(code, 2);
    assert!(stderr.contains(text(&out.join("plan.json"))), "{stderr}");
}

#[test]
fn an_absent_category_names_those_that_are_there() {
    let bench = Bench::new();
    let (code, _, stderr) = run(&words(&bench.args("plan", "a", &["--category", "teapot"])));
    assert_eq!(code, 3);
    let said = stderr.contains("expected category teapot") && stderr.contains("cloth");
    assert!(said, "{stderr}");
}

#[test]
fn every_part_of_bench_explains_itself_with_an_example() {
    for part in [
        "plan",
        "run",
        "status",
        "collect",
        "check",
        "baseline",
        "reproduce",
    ] {
        let help = crate::ok(&["bench", part, "--help"]);
        assert!(help.contains(&format!("\n  aesc bench {part} ")), "{help}");
    }
}
