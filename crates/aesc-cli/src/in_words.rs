//! What a configuration says, in words, for people.

use aesc_artifact::{AugmentConfig, NetworkConfig, NetworkInput, SecondLook, Segmentation, Turns};

/// For example `aesc depth 6 width 16; second look: ae; segmentation: aesc on the residual`.
pub(crate) fn network_text(network: &NetworkConfig) -> String {
    let (kind, depth, width) = (network.kind.name(), network.depth, network.width);
    let shown = match network.input {
        NetworkInput::Image => "",
        NetworkInput::HighPass => ", on the grey high pass",
    };
    let second = match network.second {
        SecondLook::None => String::new(),
        SecondLook::Ae => "; second look: ae".to_owned(),
        SecondLook::HighPass => format!("; second look: {kind} on the grey high pass"),
    };
    let segment = match network.segment {
        Segmentation::None => String::new(),
        Segmentation::Image => format!("; segmentation: {kind}"),
        Segmentation::Residual => format!("; segmentation: {kind} on the residual"),
        Segmentation::Both => format!("; segmentation: {kind} on image and residual"),
        Segmentation::ResidualHighPass => {
            format!("; segmentation: {kind} on high pass and residual")
        }
    };
    format!("{kind} depth {depth} width {width}{shown}{second}{segment}")
}

/// How clean images were varied, for example `turned by half, light by up to 0.05`.
pub(crate) fn augment_text(augment: &AugmentConfig) -> String {
    let turned = match augment.turns {
        Turns::None => None,
        Turns::Half => Some("turned by half"),
        Turns::Quarter => Some("turned by quarters"),
        Turns::Auto => Some("turned as the images tell"),
    };
    let by = |what: &str, most: f64| (most > 0.0).then(|| format!("{what} by up to {most}"));
    let noise = (augment.noise > 0.0).then(|| format!("noise of {}", augment.noise));
    let all = [
        turned.map(str::to_owned),
        by("light", augment.light),
        by("moved", augment.shift),
        noise,
    ];
    let all: Vec<_> = all.into_iter().flatten().collect();
    if all.is_empty() {
        return "no".to_owned();
    }
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_is_told() {
        let paper = NetworkConfig::default();
        assert_eq!(network_text(&paper), "aesc depth 6 width 16");
        let network = NetworkConfig {
            input: NetworkInput::HighPass,
            second: SecondLook::Ae,
            segment: Segmentation::Residual,
            ..paper
        };
        let expected = "aesc depth 6 width 16, on the grey high pass; second look: ae; \
                        segmentation: aesc on the residual";
        assert_eq!(network_text(&network), expected);
    }

    #[test]
    fn every_variation_is_told() {
        assert_eq!(augment_text(&AugmentConfig::default()), "no");
        let augment = AugmentConfig {
            light: 0.05,
            shift: 0.1,
            noise: 0.02,
            turns: Turns::Half,
        };
        let expected = "turned by half, light by up to 0.05, moved by up to 0.1, noise of 0.02";
        assert_eq!(augment_text(&augment), expected);
    }
}
