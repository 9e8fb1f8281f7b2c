//! The AESc networks on libtorch: reconstruction and training.
