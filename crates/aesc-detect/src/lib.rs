//! From reconstruction to decision: anomaly maps, scores, thresholds, overlays.
