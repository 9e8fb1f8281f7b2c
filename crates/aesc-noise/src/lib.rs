//! Synthetic corruption of clean images: the Stain of AESc and its siblings.
