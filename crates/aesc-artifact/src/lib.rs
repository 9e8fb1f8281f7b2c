//! The model file: network, training recipe, preprocessing, calibration and tensors as bytes.
