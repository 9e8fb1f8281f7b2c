//! Exact anomaly-detection metrics over slices: AUROC, AP, F1-max, AUPRO.
