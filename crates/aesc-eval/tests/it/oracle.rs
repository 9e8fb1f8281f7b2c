//! The definitions, followed to the letter over pairs and thresholds, without a thought for speed.

use aesc_eval::MapView;

/// Share of (anomalous, normal) pairs in order, ties one half.
pub(crate) fn auroc(scores: &[f32], labels: &[bool]) -> f64 {
    let (mut twice_won, mut pairs) = (0_u64, 0_u64);
    for (&high, _) in scores.iter().zip(labels).filter(|(_, label)| **label) {
        for (&low, _) in scores.iter().zip(labels).filter(|(_, label)| !**label) {
            twice_won += 2 * u64::from(high > low) + u64::from(high == low);
            pairs += 1;
        }
    }
    twice_won as f64 / (2 * pairs) as f64
}

/// The same for lists too long for pairs: each anomalous sample wins by its place in a full sort.
pub(crate) fn auroc_by_full_sort(scores: &[f32], labels: &[bool]) -> f64 {
    let mut samples: Vec<(f32, bool)> =
        scores.iter().copied().zip(labels.iter().copied()).collect();
    samples.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
    let (mut normals_below, mut twice_won, mut n_anomalous) = (0, 0, 0);
    for tied in samples.chunk_by(|a, b| a.0 == b.0) {
        let anomalous = tied.iter().filter(|sample| sample.1).count() as u64;
        let normals = tied.len() as u64 - anomalous;
        twice_won += anomalous * (2 * normals_below + normals);
        normals_below += normals;
        n_anomalous += anomalous;
    }
    twice_won as f64 / (2 * n_anomalous * normals_below) as f64
}

/// Average precision of long lists, likewise.
pub(crate) fn average_precision_by_full_sort(scores: &[f32], labels: &[bool]) -> f64 {
    let mut samples: Vec<(f32, bool)> =
        scores.iter().copied().zip(labels.iter().copied()).collect();
    samples.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap());
    let (mut tp, mut admitted, mut sum) = (0, 0, 0.0);
    for tied in samples.chunk_by(|a, b| a.0 == b.0) {
        let anomalous = tied.iter().filter(|sample| sample.1).count();
        tp += anomalous;
        admitted += tied.len();
        sum += anomalous as f64 * tp as f64 / admitted as f64;
    }
    sum / tp as f64
}

/// True and false positives at a threshold.
fn counts(scores: &[f32], labels: &[bool], threshold: f32) -> (f64, f64) {
    let hits = |wanted| {
        let samples = scores.iter().zip(labels);
        samples
            .filter(|&(&score, &label)| label == wanted && score >= threshold)
            .count() as f64
    };
    (hits(true), hits(false))
}

/// Distinct scores, highest first; zeros of both signs are one.
fn thresholds(scores: impl IntoIterator<Item = f32>) -> Vec<f32> {
    let mut all: Vec<f32> = scores.into_iter().collect();
    all.sort_by(|a, b| b.partial_cmp(a).unwrap());
    all.dedup();
    all
}

fn n_anomalous(labels: &[bool]) -> f64 {
    labels.iter().filter(|&&label| label).count() as f64
}

pub(crate) fn average_precision(scores: &[f32], labels: &[bool]) -> f64 {
    let (mut sum, mut last_recall) = (0.0, 0.0);
    for threshold in thresholds(scores.iter().copied()) {
        let (tp, fp) = counts(scores, labels, threshold);
        let recall = tp / n_anomalous(labels);
        sum += (recall - last_recall) * tp / (tp + fp);
        last_recall = recall;
    }
    sum
}

/// Largest F1 and the highest threshold that reaches it.
pub(crate) fn f1_max(scores: &[f32], labels: &[bool]) -> (f64, f32) {
    let mut best = (0.0, f32::INFINITY);
    for threshold in thresholds(scores.iter().copied()) {
        let (tp, fp) = counts(scores, labels, threshold);
        let f1 = 2.0 * tp / (n_anomalous(labels) + tp + fp);
        if f1 > best.0 {
            best = (f1, threshold);
        }
    }
    best
}

pub(crate) fn fpr_at_tpr(scores: &[f32], labels: &[bool], tpr: f64) -> f64 {
    let n_normal = labels.len() as f64 - n_anomalous(labels);
    let rates = thresholds(scores.iter().copied())
        .into_iter()
        .map(|threshold| {
            let (tp, fp) = counts(scores, labels, threshold);
            (tp / n_anomalous(labels), fp / n_normal)
        });
    rates
        .filter(|&(reached, _)| reached >= tpr)
        .map(|(_, fpr)| fpr)
        .fold(1.0, f64::min)
}

/// Pixels of each 8-connected region, by flood fill.
pub(crate) fn regions(mask: &[bool], height: usize, width: usize) -> Vec<Vec<usize>> {
    let mut open: Vec<bool> = mask.to_vec();
    let mut regions = Vec::new();
    for start in 0..mask.len() {
        let mut stack = vec![start];
        let mut region = Vec::new();
        while let Some(pixel) = stack.pop() {
            if !std::mem::replace(&mut open[pixel], false) {
                continue;
            }
            region.push(pixel);
            let (y, x) = (pixel / width, pixel % width);
            for ny in y.saturating_sub(1)..(y + 2).min(height) {
                stack.extend((x.saturating_sub(1)..(x + 2).min(width)).map(|nx| ny * width + nx));
            }
        }
        if !region.is_empty() {
            regions.push(region);
        }
    }
    regions
}

/// (FPR, PRO) at each distinct threshold over all pixels, from (0, 0).
pub(crate) fn pro_points(images: &[MapView<'_>]) -> Vec<(f64, f64)> {
    let mut regions_scores: Vec<Vec<f32>> = Vec::new();
    let mut normal = Vec::new();
    for image in images {
        for region in regions(image.mask, image.height, image.width) {
            regions_scores.push(
                region
                    .into_iter()
                    .map(|pixel| image.scores[pixel])
                    .collect(),
            );
        }
        let pixels = image.scores.iter().zip(image.mask);
        normal.extend(
            pixels
                .filter(|(_, inside)| !**inside)
                .map(|(&score, _)| score),
        );
    }
    let share = |scores: &[f32], threshold| {
        scores.iter().filter(|&&score| score >= threshold).count() as f64 / scores.len() as f64
    };
    let point = |threshold| {
        let shares: f64 = regions_scores
            .iter()
            .map(|region| share(region, threshold))
            .sum();
        (
            share(&normal, threshold),
            shares / regions_scores.len() as f64,
        )
    };
    let all = images.iter().flat_map(|image| image.scores.iter().copied());
    std::iter::once((0.0, 0.0))
        .chain(thresholds(all).into_iter().map(point))
        .collect()
}

pub(crate) fn aupro(images: &[MapView<'_>], limit: f64) -> f64 {
    let mut area = 0.0;
    for pair in pro_points(images).windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x0 < limit && x1 > x0 {
            let end = x1.min(limit);
            let y_end = y0 + (y1 - y0) * (end - x0) / (x1 - x0);
            area += (end - x0) * (y0 + y_end) / 2.0;
        }
    }
    area / limit
}

/// AUPIMO of one anomalous image: its recall, a step function of the false-positive rate,
/// integrated over the logarithm of the rate step by step.
pub(crate) fn aupimo(normal: &[MapView<'_>], anomalous: &MapView<'_>) -> f64 {
    let (low, high) = (1e-5_f64, 1e-4_f64);
    let share = |scores: &[f32], threshold: f32| {
        scores.iter().filter(|&&score| score >= threshold).count() as f64 / scores.len() as f64
    };
    let rate = |threshold| {
        let rates = normal.iter().map(|image| share(image.scores, threshold));
        rates.sum::<f64>() / normal.len() as f64
    };
    let pixels = anomalous.scores.iter().zip(anomalous.mask);
    let inside: Vec<f32> = pixels
        .filter(|(_, inside)| **inside)
        .map(|(&score, _)| score)
        .collect();
    let mut area = 0.0;
    let mut from = 0.0;
    for level in thresholds(normal.iter().flat_map(|image| image.scores.iter().copied())) {
        // Thresholds above this level keep the rate at `from`; the lowest of them finds most.
        let recall = share(&inside, level.next_up());
        let to = rate(level);
        if to > low {
            area += recall * (f64::min(to, high) / f64::max(from, low)).ln();
        }
        if to >= high {
            break;
        }
        from = to;
    }
    area / 10.0_f64.ln()
}
