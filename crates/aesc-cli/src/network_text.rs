//! A network in words, for people.

use aesc_artifact::{NetworkConfig, NetworkInput, SecondLook, Segmentation};

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
    };
    format!("{kind} depth {depth} width {width}{shown}{second}{segment}")
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
}
