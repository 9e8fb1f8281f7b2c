//! `aesc data check`: every problem of a dataset folder at once.
//!
//! Errors are what would stop or falsify an evaluation; warnings are what a person should see.

use std::{cmp::Reverse, collections::BTreeMap, path::Path};

use rayon::prelude::*;

use crate::{
    Channels, CheckReport, DataError, Dataset, Limits, Problem, ProblemKind, Sample, Severity,
    SizeCount, Split, TypeCount, decode_image, digest_hex,
    folder::{self, name_of},
    read_bytes, read_mask, read_mask_of,
};

/// Reads every file of the dataset in `dir` and lists all that is wrong; never fails itself.
pub fn check(dir: impl AsRef<Path>, limits: &Limits) -> CheckReport {
    let root = dir.as_ref();
    let mut report = CheckReport {
        root: root.to_path_buf(),
        name: name_of(root),
        counts: Vec::new(),
        sizes: Vec::new(),
        problems: Vec::new(),
    };
    match folder::scan(root) {
        Err(fault) => report.problems.push(Problem::of(&fault, root)),
        Ok(scan) => {
            report.counts = counts(&scan.dataset);
            report
                .problems
                .extend(scan.faults.iter().map(|fault| Problem::of(fault, root)));
            report
                .problems
                .extend(scan.ignored.iter().map(|path| ignored(path)));
            if scan.dataset.train.len() == 1 {
                let message = "expected at least 2 clean training images, found 1".to_owned();
                let path = &scan.dataset.train[0].path;
                let problem = Problem::warning(ProblemKind::Layout, path, message);
                report.problems.push(problem);
            }
            report.inspect(&scan.dataset, limits);
        }
    }
    report.problems.sort_by(|a, b| {
        (a.severity, &a.path, a.kind, &a.message).cmp(&(b.severity, &b.path, b.kind, &b.message))
    });
    report
}

/// What reading one sample's files tells.
#[derive(Default)]
struct Findings {
    digest: Option<String>,
    size: Option<(usize, usize)>,
    problems: Vec<Problem>,
}

impl CheckReport {
    fn inspect(&mut self, dataset: &Dataset, limits: &Limits) {
        let samples: Vec<&Sample> = dataset.samples().collect();
        let findings: Vec<Findings> = samples
            .par_iter()
            .map(|sample| read(sample, limits))
            .collect();
        let mut first_of: BTreeMap<&str, &Sample> = BTreeMap::new();
        let mut sizes: BTreeMap<(usize, usize), Vec<&Sample>> = BTreeMap::new();
        for (&sample, findings) in samples.iter().zip(&findings) {
            self.problems.extend_from_slice(&findings.problems);
            if let Some(size) = findings.size {
                sizes.entry(size).or_default().push(sample);
            }
            let Some(digest) = &findings.digest else {
                continue;
            };
            match first_of.get(digest.as_str()) {
                Some(first) => self.problems.push(duplicate(sample, first)),
                None => {
                    first_of.insert(digest, sample);
                }
            }
        }
        self.note_sizes(sizes);
    }

    fn note_sizes(&mut self, sizes: BTreeMap<(usize, usize), Vec<&Sample>>) {
        let mut sizes: Vec<_> = sizes.into_iter().collect();
        sizes.sort_by_key(|(size, samples)| (Reverse(samples.len()), *size));
        let Some(&(usual, _)) = sizes.first() else {
            return;
        };
        for (size, samples) in &sizes {
            if *size != usual {
                self.problems
                    .extend(samples.iter().map(|sample| odd_size(sample, *size, usual)));
            }
            self.sizes.push(SizeCount {
                height: size.0,
                width: size.1,
                images: samples.len(),
            });
        }
    }
}

fn read(sample: &Sample, limits: &Limits) -> Findings {
    let mut findings = Findings::default();
    if let Err(fault) = read_sample(sample, limits, &mut findings) {
        findings.problems.push(Problem::of(&fault, &sample.path));
    }
    if let Some(path) = &sample.mask
        && let Err(fault) = read_its_mask(path, limits, &mut findings)
    {
        findings.problems.push(Problem::of(&fault, path));
    }
    findings
}

fn read_sample(sample: &Sample, limits: &Limits, findings: &mut Findings) -> Result<(), DataError> {
    let bytes = read_bytes(&sample.path, limits)?;
    findings.digest = Some(digest_hex(&bytes));
    let decoded = decode_image(&bytes, &sample.path, Channels::Rgb, limits)?;
    findings.size = Some((decoded.image.height(), decoded.image.width()));
    let remarks = decoded
        .warnings
        .iter()
        .map(|warning| Problem::warning(ProblemKind::Decoding, &sample.path, warning.to_string()));
    findings.problems.extend(remarks);
    Ok(())
}

fn read_its_mask(path: &Path, limits: &Limits, findings: &mut Findings) -> Result<(), DataError> {
    let mask = match findings.size {
        Some(sides) => read_mask_of(path, sides, limits)?,
        None => read_mask(path, limits)?,
    };
    if !mask.any() {
        let message = "expected a marked defect, found no pixel above 127 of 255".to_owned();
        findings
            .problems
            .push(Problem::warning(ProblemKind::EmptyMask, path, message));
    }
    Ok(())
}

fn ignored(path: &Path) -> Problem {
    let message = "takes no part in the dataset".to_owned();
    Problem::warning(ProblemKind::Ignored, path, message)
}

fn odd_size(sample: &Sample, size: (usize, usize), usual: (usize, usize)) -> Problem {
    let message = format!(
        "expected {} x {} pixels as most images have, found {} x {}",
        usual.0, usual.1, size.0, size.1
    );
    Problem::warning(ProblemKind::OddSize, &sample.path, message)
}

/// The same bytes twice: leakage across splits or types, mere repetition within one.
fn duplicate(sample: &Sample, first: &Sample) -> Problem {
    let leak = sample.split != first.split || sample.defect_type != first.defect_type;
    Problem {
        severity: if leak {
            Severity::Error
        } else {
            Severity::Warning
        },
        kind: ProblemKind::Duplicate,
        path: sample.path.clone(),
        message: format!("the same bytes as {}", first.path.display()),
    }
}

fn counts(dataset: &Dataset) -> Vec<TypeCount> {
    let mut counts: BTreeMap<(Split, &str), (usize, usize)> = BTreeMap::new();
    for sample in dataset.samples() {
        let count = counts
            .entry((sample.split, &sample.defect_type))
            .or_default();
        count.0 += 1;
        count.1 += usize::from(sample.mask.is_some());
    }
    counts
        .into_iter()
        .map(|((split, defect_type), (images, masks))| TypeCount {
            split,
            defect_type: defect_type.to_owned(),
            images,
            masks,
        })
        .collect()
}
