//! Image AUROC of the good images against each defect type on its own.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{EvalError, check_scores};
use crate::roc::auroc;

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefectTypeAuroc {
    /// Name of the defect type.
    pub defect_type: String,
    /// Images of this type.
    pub anomalous: u64,
    /// Good images it is measured against.
    pub normal: u64,
    /// Image AUROC, 0..=1.
    pub auroc: f64,
}

/// Image AUROC per defect type, by name; `types` is `None` for good images.
///
/// ```
/// let scores = [0.1, 0.3, 0.2, 0.4];
/// let types = [None, None, Some("hole"), Some("crack")];
/// let table = aesc_eval::auroc_per_defect_type(&scores, &types)?;
/// assert_eq!((table[0].defect_type.as_str(), table[0].auroc), ("crack", 1.0));
/// assert_eq!((table[1].defect_type.as_str(), table[1].auroc), ("hole", 0.5));
/// # Ok::<(), aesc_eval::EvalError>(())
/// ```
///
/// # Errors
/// [`EvalError::LengthMismatch`], [`EvalError::Empty`], [`EvalError::NotFinite`], or
/// [`EvalError::OneClass`] when good images or defective ones are missing.
pub fn auroc_per_defect_type(
    scores: &[f32],
    types: &[Option<&str>],
) -> Result<Vec<DefectTypeAuroc>, EvalError> {
    check_scores(scores, types.len())?;
    let mut good = Vec::new();
    let mut by_type = BTreeMap::<&str, Vec<f32>>::new();
    for (&score, defect_type) in scores.iter().zip(types) {
        match defect_type {
            None => good.push(score),
            Some(name) => by_type.entry(name).or_default().push(score),
        }
    }
    let anomalous = (scores.len() - good.len()) as u64;
    if good.is_empty() || by_type.is_empty() {
        let normal = good.len() as u64;
        return Err(EvalError::OneClass {
            what: "images",
            normal,
            anomalous,
        });
    }
    let row = |(name, bad): (&str, Vec<f32>)| {
        let labels = [vec![false; good.len()], vec![true; bad.len()]].concat();
        Ok(DefectTypeAuroc {
            defect_type: name.to_owned(),
            anomalous: bad.len() as u64,
            normal: good.len() as u64,
            auroc: auroc(&[&good[..], &bad].concat(), &labels)?,
        })
    };
    by_type.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_meets_the_good_images_alone() {
        // Good 1 and 4. Cut 2, 4: pairs 2>1, 2<4, 4>1, 4=4: 2.5 of 4. Print 5: both.
        let scores = [1.0, 2.0, 5.0, 4.0, 4.0];
        let types = [None, Some("cut"), Some("print"), Some("cut"), None];
        let table = auroc_per_defect_type(&scores, &types).unwrap();
        let rows: Vec<_> = table
            .iter()
            .map(|row| (&*row.defect_type, row.anomalous, row.normal, row.auroc))
            .collect();
        assert_eq!(rows, [("cut", 2, 2, 0.625), ("print", 1, 2, 1.0)]);
    }

    #[test]
    fn good_images_alone_are_an_error() {
        let error = auroc_per_defect_type(&[1.0, 2.0], &[None, None]);
        assert_eq!(
            error,
            Err(EvalError::OneClass {
                what: "images",
                normal: 2,
                anomalous: 0
            })
        );
    }
}
