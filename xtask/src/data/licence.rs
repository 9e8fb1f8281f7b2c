//! The terms of the dataset, and the user's consent to them.

use super::terminal::Ask;
use crate::stop::{Stop, USAGE};

/// The dataset's own page.
pub(crate) const PAGE: &str = "https://www.mvtec.com/company/research/datasets/mvtec-ad";

const TERMS: &str = "\
MVTec AD, the MVTec anomaly detection dataset: 5354 images, about 5 GB to fetch, as much unpacked
by P. Bergmann, M. Fauser, D. Sattlegger and C. Steger (CVPR 2019), and K. Batzner (IJCV 2021)

licence: Creative Commons BY-NC-SA 4.0
  attribution     whoever uses or shares the data names its authors, the licence and any change
  non-commercial  the data must not be used for commercial purposes
  share alike     what is made from the data is shared under the same licence only
the full text: https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode";

/// Shows the terms and returns when they are accepted, by `accepted` or by an answer.
///
/// # Errors
/// A [`Stop`] with exit code 2: refused, or nobody there to ask.
pub(super) fn consent(accepted: bool, ask: &mut Ask<'_>) -> Result<(), Stop> {
    eprintln!("{TERMS}\nthe dataset's page: {PAGE}\n");
    if accepted {
        return Ok(());
    }
    match ask("Do you accept these terms? [y/N] ") {
        Some(true) => Ok(()),
        Some(false) => Err(Stop::new(
            USAGE,
            "the licence was not accepted: nothing was fetched",
        )),
        None => Err(Stop::new(
            USAGE,
            "nobody is there to accept the licence of MVTec AD (no terminal): add --accept-license \
             if you accept the terms above",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::exit_code;
    use std::process::ExitCode;

    #[test]
    fn the_terms_are_accepted_by_flag_or_by_yes_and_by_nothing_else() {
        assert!(consent(true, &mut |_| unreachable!("no question is needed")).is_ok());
        assert!(consent(false, &mut |_| Some(true)).is_ok());
        let refused = consent(false, &mut |_| Some(false)).unwrap_err();
        assert_eq!(exit_code(&refused.into()), ExitCode::from(2));
        let nobody = consent(false, &mut |_| None).unwrap_err();
        assert!(nobody.to_string().contains("--accept-license"));
        assert_eq!(exit_code(&nobody.into()), ExitCode::from(2));
    }

    #[test]
    fn the_terms_name_dataset_authors_licence_and_size() {
        for part in [
            "MVTec AD",
            "Bergmann",
            "CVPR 2019",
            "IJCV 2021",
            "BY-NC-SA 4.0",
            "5 GB",
        ] {
            assert!(TERMS.contains(part), "{part}");
        }
    }
}
