//! The page: what it embeds, what it says in the place of what is not there, and how it grows.

use aesc_bench::report::{cost_svg, html, markdown, write_all};
use aesc_bench::{Pictures, Plan, Report, cell_dir, collect, read_pictures};
use serde_json::json;

use crate::made;
use crate::report::{report, run_folder};

/// The smallest bytes that a browser takes for a PNG's start; enough to be embedded.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";

/// A report with every picture of every cell in its folder.
fn drawn(plan: &Plan) -> (tempfile::TempDir, Report) {
    let dir = run_folder(plan, |result| {
        *result = made::with_uncertainty(result.clone());
        true
    });
    let report = collect(plan, dir.path());
    for cell in &report.cells {
        for panel in cell.figures.iter().flat_map(|figure| &figure.panels) {
            std::fs::write(cell_dir(dir.path(), &cell.id).join(&panel.file), PNG).unwrap();
        }
    }
    (dir, report)
}

fn page(plan: &Plan) -> String {
    let (dir, report) = drawn(plan);
    html(&report, &read_pictures(&report, dir.path())).unwrap()
}

/// What the page's pictures are said to show, in order.
fn alts(page: &str) -> Vec<&str> {
    let parts = page.split("alt=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

#[test]
fn figures_4_and_5_hold_their_pictures_side_by_side() {
    let corruptions = ["none", "drops", "stain"];
    let page = page(&made::grid(&["cloth"], &["ae", "aesc"], &corruptions));
    let image = "of cloth test/hole/003.png";
    let made_by = |what: &str, network: &str, corruption: &str| {
        format!("{what} {image} by {network} trained on {corruption}")
    };
    let expected = [
        format!("query {image}"),
        made_by("reconstruction", "ae", "none"),
        made_by("reconstruction", "ae", "stain"),
        made_by("reconstruction", "aesc", "none"),
        made_by("reconstruction", "aesc", "stain"),
        format!("mask {image}"),
        format!("query {image}"),
        made_by("residual map", "aesc", "stain"),
        made_by("uncertainty map", "aesc", "stain"),
        format!("mask {image}"),
    ];
    assert_eq!(alts(&page), expected);
}

#[test]
fn the_page_embeds_its_pictures_and_names_its_failures() {
    let plan = made::matrix(&["cloth"]);
    let last = plan.cells[3].id.clone();
    let dir = run_folder(&plan, |result| result.cell.id != last);
    for cell in &plan.cells {
        std::fs::create_dir_all(cell_dir(dir.path(), &cell.id)).unwrap();
        for file in [
            "query.png",
            "reconstruction.png",
            "residual-map.png",
            "mask.png",
        ] {
            std::fs::write(cell_dir(dir.path(), &cell.id).join(file), PNG).unwrap();
        }
    }
    std::fs::write(
        cell_dir(dir.path(), &plan.cells[0].id).join("mask.png"),
        "no picture",
    )
    .unwrap();
    let report = collect(&plan, dir.path());
    let paths = write_all(dir.path(), &report, &read_pictures(&report, dir.path())).unwrap();
    assert_eq!(paths.len(), 4);
    let page = std::fs::read_to_string(&paths[3]).unwrap();
    // The query on both plates and three reconstructions; of the fourth cell, the method's, neither
    // reconstruction nor map, and the broken mask is said to be so on both plates.
    assert_eq!(
        page.matches("<img src=\"data:image/png;base64,iVBORw0KGgo")
            .count(),
        5
    );
    assert_eq!(page.matches("class=\"gone\">no picture<").count(), 2);
    assert_eq!(page.matches("class=\"gone\">missing<").count(), 2);
    assert!(
        page.contains("alt=\"reconstruction of cloth test/hole/003.png by ae trained on none\"")
    );
    assert!(page.contains("cloth/aesc/stain") && page.contains("not run yet"));
    assert!(page.contains("4.5, over 3.25"));
    // Three curves and two training charts.
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 5);
    assert!(
        !page.contains("http:") && !page.contains("https:"),
        "the page must stand alone"
    );
}

#[test]
fn pictures_that_no_figure_shows_are_not_read() {
    let plan = made::grid(&["cloth"], &["aesc"], &["none", "drops", "stain"]);
    let (dir, report) = drawn(&plan);
    let read = read_pictures(&report, dir.path());
    let of = |corruption: &str| {
        let cell = plan.cells.iter().find(|c| c.corruption == corruption);
        let id = &cell.unwrap().id;
        let files = read.keys().filter(|(cell, _)| cell == id);
        files.map(|(_, file)| file.as_str()).collect::<Vec<_>>()
    };
    // Query and mask are those of the first column.
    assert_eq!(of("none"), ["mask.png", "query.png", "reconstruction.png"]);
    assert!(of("drops").is_empty());
    let maps = [
        "reconstruction.png",
        "residual-map.png",
        "uncertainty-map.png",
    ];
    assert_eq!(of("stain"), maps);
}

#[test]
fn many_columns_are_grouped_by_network_and_get_a_chart_for_each() {
    let corruptions = ["none", "drops", "gaussian", "scratch", "stain"];
    let wide = page(&made::grid(
        &["cloth"],
        &["ae", "aesc", "unet"],
        &corruptions,
    ));
    assert!(wide.contains("<th scope=\"colgroup\" colspan=\"5\"><span>unet</span></th>"));
    // Three kinds by two strategies and two of training, for each of three networks.
    assert_eq!(wide.matches("<svg class=\"chart\"").count(), 24);
    assert_eq!(wide.matches("<input type=\"checkbox\" checked").count(), 5);
    let narrow = page(&made::grid(&["cloth"], &["ae", "aesc"], &["none", "stain"]));
    assert_eq!(narrow.matches("<svg class=\"chart\"").count(), 8);
    // Two corruptions, and two networks that share the charts.
    assert_eq!(
        narrow.matches("<input type=\"checkbox\" checked").count(),
        4
    );
}

#[test]
fn published_figures_stand_beside_ours_only_where_the_data_is_theirs() {
    let title = "Ours beside published figures";
    let sample = page(&made::grid(&["cloth", "bottle"], &["aesc"], &["stain"]));
    assert!(!sample.contains(title));
    let plan = made::grid(&["bottle", "pill"], &["aesc"], &["none", "stain"]);
    let (_, report) = drawn(&plan);
    let text = markdown(&report);
    assert!(text.contains(title), "{text}");
    // Image AUROC of aesc with stain by hand: 0.775; pixel 0.03 less, AUPRO@0.3 0.07 less.
    let ours = "| ours: aesc · stain by residual | 0.775 | 0.745 | 0.705 | 1.41 | 8.7 | 2 of 15: bottle, pill |";
    assert!(text.contains(ours), "{text}");
    assert!(
        text.contains("| RIAD | 0.917 | 0.942 | *–* | 654.20 | 28.8 | 15 | 256×256 | no | no |")
    );
    // By hand: pixel AUROC (98.3 + 98.5) / 2.
    let mut lines = text.lines();
    let nsa = lines.find(|line| line.starts_with("| NSA |") && line.contains("| bottle, pill |"));
    assert!(nsa.unwrap().contains("| 0.984 |"), "{text}");
    assert!(text.contains("Ours cover 2 of them (bottle, pill): another quantity"));
    assert!(page(&plan).contains("Ours cover 2 of them (bottle, pill)"));
}

#[test]
fn accuracy_is_drawn_against_cost_where_both_are_known() {
    let (_, sample) = drawn(&made::grid(&["cloth"], &["aesc"], &["stain"]));
    assert_eq!(cost_svg(&sample), None);
    let plan = made::grid(&["bottle", "pill"], &["aesc"], &["stain"]);
    let (_, report) = drawn(&plan);
    let svg = cost_svg(&report).unwrap();
    assert!(svg.contains("ours: aesc · stain 0.775"), "{svg}");
    // Of the mean over all categories alone, hence not comparable: FAIR.
    assert!(svg.contains("NSA 0.98") && !svg.contains("FAIR"), "{svg}");
    // A dot for each, and three that say what they mean.
    let n_drawn = svg.matches("<circle").count();
    assert_eq!(n_drawn, 3 + 1 + 6);
    assert_eq!(page(&plan).matches("<circle").count(), n_drawn);
}

#[test]
fn the_page_asks_for_nothing_from_elsewhere() {
    let page = page(&made::grid(
        &["bottle"],
        &["ae", "aesc"],
        &["none", "stain"],
    ));
    for outside in ["http", "<link", "url(", "@import", "srcset"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let sources = page.matches("src=\"").count();
    assert_eq!(
        page.matches("src=\"data:image/png;base64,").count(),
        sources
    );
}

#[test]
fn names_from_outside_are_escaped_everywhere() {
    let evil = "<b>&\"'|x</script>";
    let mut cells = Vec::new();
    for (network, corruption) in [("ae", "none"), ("ae", evil)] {
        cells.push(made::cell(evil, network, corruption, 0));
    }
    let report = report(&made::plan(cells), |result| {
        result.scored[0]
            .per_defect_type
            .insert(evil.to_owned(), 0.5);
        result.figures[0].defect_type = evil.to_owned();
        result.figures[0].panels[0].label = evil.to_owned();
        result.provenance = json!({ "commit": evil });
        true
    });
    let page = html(&report, &Pictures::new()).unwrap();
    assert!(page.contains("&#60;b&#62;&#38;") && page.contains("&lt;b&gt;&amp;"));
    assert!(!page.contains("<b>"));
    assert_eq!(page.matches("</script>").count(), 1);
    let text = markdown(&report);
    assert!(
        text.contains("&lt;b&gt;&amp;") && !text.contains("<b>"),
        "{text}"
    );
    // A name and two columns: four bars part the places, those of the names are escaped.
    let row = text
        .lines()
        .find(|line| line.starts_with("| &lt;b"))
        .unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
}

#[test]
fn a_figure_named_outside_its_cell_is_not_read() {
    let plan = made::matrix(&["cloth"]);
    let dir = run_folder(&plan, |result| {
        for (panel, file) in result.figures[0]
            .panels
            .iter_mut()
            .zip(["../../plan.json", "/etc/passwd"])
        {
            panel.file = file.to_owned();
        }
        true
    });
    let pictures = read_pictures(&collect(&plan, dir.path()), dir.path());
    assert!(pictures.is_empty(), "{:?}", pictures.keys());
}
